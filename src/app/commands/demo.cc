// pegbox demo: the main job on what every machine has.
#include "app/demo/demo.h"
#include "app/commands/table.h"

namespace pegbox {

namespace {

class RunDemo final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "demo",
            .group = CommandGroup::Search,
            .summary = "tune a small language model on text of this machine",
            .description =
                "Trains a small base model on Python's standard library, tunes LoRA on the headers of the C++ "
                "library, and compares the result, on files that were kept apart, with one run at the "
                "published defaults that gets as many training tokens as the whole study. Takes some minutes on "
                "two cores and no download. The same seed gives the same result on the same machine. Ctrl-C "
                "pauses; the same command goes on.",
            .example = "pegbox demo\npegbox demo --seed 1",
            .has_result = true};
  }
  std::vector<Option> options() override {
    return {{.names = "--seed", .target = &seed_, .value = "N", .help = "of the study and its trials [0]"},
            {.names = "--folder",
             .target = &folder_,
             .value = "DIR",
             .help = "where everything goes [pegbox-demo]",
             .completion = Completion::Folder},
            {.names = "--quick",
             .target = &quick_,
             .value = "",
             .help = "in a minute, with a model that hardly learns: to see that all parts work"}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto trainer, TrainerProgram::find());
    Demo demo(session, trainer, quick_ ? DemoRecipe::quick() : DemoRecipe::full(), folder_, seed_);
    PEGBOX_TRY(const DemoResult result, demo.run());
    if (session.wants_json())
      session.print_json(result.to_json());
    else
      session.console().print(result.in_three_lines());
    return ExitCode::Done;
  }

 private:
  std::int64_t seed_ = 0;
  std::string folder_ = "pegbox-demo";
  bool quick_ = false;
};

}  // namespace

std::unique_ptr<Subcommand> make_demo_command() { return std::make_unique<RunDemo>(); }

}  // namespace pegbox
