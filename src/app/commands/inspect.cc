// pegbox inspect: what a model does inside, on real text.
#include "app/commands/table.h"
#include "app/data_flags.h"
#include "app/inspection_view.h"
#include "app/quick_study.h"
#include "app/session.h"
#include "app/trainer_program.h"

namespace pegbox {

namespace {

class Inspect final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "inspect",
            .group = CommandGroup::Models,
            .summary = "look into a model while it reads text",
            .description =
                "Says by layer where attention goes, what is added to the residual stream, how large its gradients are "
                "and how many units of the feed-forward network are dead; which heads look at the first token, at the "
                "token before, or follow repetitions, and how much the loss grows without each; the loss by kind of "
                "token and by how much text stands before it; of LoRA, how far each layer is moved. What stands out is "
                "said in words, with the hyperparameters that it bears on (docs/understanding.md). --json has all "
                "numbers of every head.",
            .example =
                "pegbox inspect --model models/base --data test.txt\n"
                "pegbox inspect --model models/base --adapter adapters/notes --data test.jsonl --json",
            .has_result = true};
  }
  std::vector<Option> options() override {
    return {model_option(&model_),
            adapter_option(&adapter_),
            {.names = "--data",
             .target = &data_,
             .value = "PATH",
             .help = "text, rows or a folder (docs/data.md); may be repeated",
             .completion = Completion::File,
             .required = true},
            columns_option(&columns_),
            {.names = "--tokens",
             .target = &tokens_,
             .value = "N",
             .help = "about so many tokens of the data are looked at, taken evenly [32768]"},
            {.names = "--removal-tokens",
             .target = &removal_tokens_,
             .value = "N",
             .help = "about so many of these for the loss without each head, which takes a pass for every head; 0: not "
                     "at all [2048]"},
            {.names = "--set",
             .target = &set_,
             .value = "NAME=VALUE",
             .help = "a field of the trainer, such as sequence_length=1024 or loss_on=all; may be repeated"}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto trainer, TrainerProgram::find());
    Json config = {{"model", model_},
                   {"data", {{"test", data_}}},
                   {"inspect_tokens", tokens_},
                   {"removal_tokens", removal_tokens_}};
    if (!columns_.empty()) {
      PEGBOX_TRY(config["data"]["columns"], fields_of_flags(columns_, "--columns"));
    }
    if (!adapter_.empty()) config["adapter"] = adapter_;
    PEGBOX_TRY(const Json fields, fields_of_flags(set_, "--set"));
    config.update(fields);
    PEGBOX_TRY(const Json found, trainer.ask("inspect", config, "command line"));
    if (session.wants_json()) {
      session.print_json(found);
      return ExitCode::Done;
    }
    const Terminal& out = session.console().out();
    session.console().print(inspection_text(found, out.is_terminal ? out.width : 0, out.has_unicode));
    return ExitCode::Done;
  }

 private:
  std::string model_, adapter_;
  std::vector<std::string> data_, columns_, set_;
  std::int64_t tokens_ = 32768, removal_tokens_ = 2048;
};

}  // namespace

std::unique_ptr<Subcommand> make_inspect_command() { return std::make_unique<Inspect>(); }

}  // namespace pegbox
