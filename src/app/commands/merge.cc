// pegbox merge: an adapter and its model as one model.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/session.h"
#include "app/trainer_program.h"

namespace pegbox {

namespace {

class Merge final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "merge",
            .group = CommandGroup::Models,
            .summary = "make one model of a model and its adapter",
            .description =
                "Adds an adapter to its model's weights and writes the result as a model of its own, in the model's "
                "format.",
            .example = "pegbox merge --model models/base --adapter adapters/notes --output models/notes"};
  }
  std::vector<Option> options() override {
    return {
        model_option(&model_),
        {.names = "--adapter",
         .target = &adapter_,
         .value = "DIR",
         .help = "the adapter's folder",
         .completion = Completion::Folder,
         .required = true},
        {.names = "-o,--output",
         .target = &output_,
         .value = "DIR",
         .help = "the new model's folder",
         .completion = Completion::Folder,
         .required = true},
    };
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto trainer, TrainerProgram::find());
    const Json config = {{"model", model_}, {"adapter", adapter_}, {"output", output_}};
    PEGBOX_TRY(const Json result, trainer.ask("merge", config));
    session.console().say(fmt::format("{} holds the merged model.", output_));
    return ExitCode::Done;
  }

 private:
  std::string model_, adapter_, output_;
};

}  // namespace

std::unique_ptr<Subcommand> make_merge_command() { return std::make_unique<Merge>(); }

}  // namespace pegbox
