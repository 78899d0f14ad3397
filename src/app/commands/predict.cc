// pegbox predict: text from a model.
#include "app/commands/table.h"
#include "app/generation_flags.h"
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
    std::vector<Option> options = {
        model_option(&model_),
        adapter_option(&adapter_),
        {.names = "--prompt", .target = &prompt_, .value = "TEXT", .help = "the text to go on with", .required = true},
        {.names = "--seed", .target = &seed_, .value = "N", .help = "of the choice of tokens [0]"},
    };
    const std::vector<Option> generation = generation_.options();
    options.insert(options.end(), generation.begin(), generation.end());
    return options;
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto trainer, TrainerProgram::find());
    Json config = {{"model", model_}, {"prompt", prompt_}, {"seed", seed_}, {"json", session.wants_json()}};
    config.update(generation_.fields());
    if (!adapter_.empty()) config["adapter"] = adapter_;
    return trainer.run("predict", config, session.console(), session.interrupted());
  }

 private:
  GenerationFlags generation_;
  std::string model_, adapter_, prompt_;
  std::int64_t seed_ = 0;
};

}  // namespace

std::unique_ptr<Subcommand> make_predict_command() { return std::make_unique<Predict>(); }

}  // namespace pegbox
