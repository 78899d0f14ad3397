// pegbox check: a look at model and data before compute is spent on them.
#include "app/commands/table.h"
#include "app/preflight_view.h"
#include "app/run_flags.h"
#include "app/session.h"
#include "app/trainer_program.h"

namespace pegbox {

namespace {

class Check final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "check",
            .group = CommandGroup::Models,
            .summary = "look at model and data before training on them",
            .description =
                "Shows what a run would train on: the data as tokens, a sample with what is learned of it, and what "
                "is wrong: texts that lose their end, an end token that nobody learns, validation texts that are "
                "training texts too, a learning rate far from the published ones. Takes a run file, a study file, or "
                "flags. Exit code 3 if the run would be pointless.",
            .example =
                "pegbox check --preflight --model models/base --data chats.jsonl\n"
                "pegbox check --preflight study.yaml",
            .has_result = true};
  }
  std::vector<Option> options() override {
    std::vector<Option> options = flags_.options();
    options.front().help = "the run file or study file";
    options.push_back(
        {.names = "--preflight", .target = &preflight_, .value = "", .help = "the tokens, masks and sizes of a run"});
    options.push_back(
        {.names = "--samples", .target = &samples_, .value = "N", .help = "rows of the training data to show [1]"});
    return options;
  }
  Result<ExitCode> run(Session& session) override {
    if (!preflight_)
      return fail(ErrorKind::InvalidInput,
                  {.where = "pegbox check", .what = "nothing to check is named", .expected = "--preflight"});
    PEGBOX_TRY(Json config, flags_.config(/*takes_study=*/true));
    config["rows"] = samples_;
    config.erase("output");
    PEGBOX_TRY(const auto trainer, TrainerProgram::find());
    PEGBOX_TRY(Json result, trainer.ask("preflight", config, flags_.called()));
    complete_preflight(result);
    if (session.wants_json())
      session.print_json(result);
    else
      session.console().print(preflight_text(result, session.console().out().has_color));
    return has_fault(result) ? ExitCode::Failed : ExitCode::Done;
  }

 private:
  RunFlags flags_;
  bool preflight_ = false;
  std::int64_t samples_ = 1;
};

}  // namespace

std::unique_ptr<Subcommand> make_check_command() { return std::make_unique<Check>(); }

}  // namespace pegbox
