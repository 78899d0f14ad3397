// pegbox predict: text from a model.
#include "app/commands/table.h"
#include "app/session.h"
#include "app/trainer_program.h"

namespace pegbox {

namespace {

class Predict final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "predict",
            .group = CommandGroup::Models,
            .summary = "let a model go on with a text",
            .description = "Prints how a model, with an adapter or without, goes on with a prompt.",
            .example = "pegbox predict --model models/base --adapter adapters/notes --prompt 'Once upon a time'",
            .has_result = true};
  }
  std::vector<Option> options() override {
    return {
        model_option(&model_),
        adapter_option(&adapter_),
        {.names = "--prompt", .target = &prompt_, .value = "TEXT", .help = "the text to go on with", .required = true},
        {.names = "--tokens", .target = &tokens_, .value = "N", .help = "at most so many new tokens [128]"},
        {.names = "--temperature",
         .target = &temperature_,
         .value = "T",
         .help = "0: always the likeliest token; 1: as the model believes [0]"},
        {.names = "--seed", .target = &seed_, .value = "N", .help = "of the choice of tokens [0]"},
    };
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto trainer, TrainerProgram::find());
    Json config = {{"model", model_},        {"prompt", prompt_},
                   {"most_tokens", tokens_}, {"temperature", temperature_},
                   {"seed", seed_},          {"json", session.wants_json()}};
    if (!adapter_.empty()) config["adapter"] = adapter_;
    return trainer.run("predict", config, session.console(), session.interrupted());
  }

 private:
  std::string model_, adapter_, prompt_;
  std::int64_t tokens_ = 128, seed_ = 0;
  double temperature_ = 0;
};

}  // namespace

std::unique_ptr<Subcommand> make_predict_command() { return std::make_unique<Predict>(); }

}  // namespace pegbox
