// pegbox evaluate: the loss and perplexity of a model on text.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/event_line.h"
#include "app/quick_study.h"
#include "app/session.h"
#include "app/trainer_program.h"

namespace pegbox {

namespace {

class Evaluate final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "evaluate",
            .group = CommandGroup::Models,
            .summary = "measure a model's loss on text",
            .description =
                "Prints the mean loss (negative log-likelihood of a token, in nats), the perplexity and the number "
                "of tokens measured, of a model, with an adapter or without, on text.",
            .example = "pegbox evaluate --model models/base --adapter adapters/notes --data test.txt --json",
            .has_result = true};
  }
  std::vector<Option> options() override {
    return {
        model_option(&model_),
        adapter_option(&adapter_),
        {.names = "--data",
         .target = &data_,
         .value = "PATH",
         .help = "text, rows or a folder (docs/data.md); may be repeated",
         .completion = Completion::File,
         .required = true},
        {.names = "--sequence-length",
         .target = &sequence_length_,
         .value = "N",
         .help = "longer texts are cut into pieces of so many tokens [512, or the model's positions]"},
        columns_option(&columns_),
        {.names = "--set",
         .target = &set_,
         .value = "NAME=VALUE",
         .help = "a field of the trainer, such as loss_on=all or chat_template=chatml; may be repeated"},
        {.names = "--per-row",
         .target = &per_row_,
         .value = "FILE",
         .help = "write the loss of each document to this file, as JSON lines",
         .completion = Completion::File},
    };
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto trainer, TrainerProgram::find());
    Json config = {{"model", model_}, {"data", {{"test", data_}}}};
    if (sequence_length_ != 0) config["sequence_length"] = sequence_length_;
    if (!columns_.empty()) {
      PEGBOX_TRY(config["data"]["columns"], fields_of_flags(columns_, "--columns"));
    }
    PEGBOX_TRY(const Json fields, fields_of_flags(set_, "--set"));
    config.update(fields);
    if (!adapter_.empty()) config["adapter"] = adapter_;
    if (!per_row_.empty()) config["per_row"] = per_row_;
    PEGBOX_TRY(const Json result, trainer.ask("evaluate", config, "command line"));
    if (session.wants_json()) {
      session.print_json(result);
      return ExitCode::Done;
    }
    for (const auto& [name, value] : result.items()) {
      double number = 0;
      session.console().print(fmt::format("{:<16} {}\n", name,
                                          value.is_number_integer()         ? value.dump()
                                          : read_json_number(value, number) ? show_metric(number)
                                                                            : value.dump()));
    }
    return ExitCode::Done;
  }

 private:
  std::string model_, adapter_, per_row_;
  std::vector<std::string> data_, columns_, set_;
  std::int64_t sequence_length_ = 0;  // 0: the trainer's
};

}  // namespace

std::unique_ptr<Subcommand> make_evaluate_command() { return std::make_unique<Evaluate>(); }

}  // namespace pegbox
