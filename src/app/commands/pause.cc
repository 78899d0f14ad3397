// pegbox pause: lets a study that runs elsewhere pause cleanly.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/session.h"
#include "app/wait_for_study.h"

namespace pegbox {

namespace {

class PauseStudy final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "pause",
            .group = CommandGroup::Studies,
            .summary = "pause a running study from another terminal",
            .description =
                "Asks the process that runs the study to pause: running trials keep a checkpoint, and the same "
                "`pegbox tune` goes on later. With --trial only that trial is paused.",
            .example = "pegbox pause code-lora\npegbox pause code-lora --trial 7",
            .uses_store = true};
  }
  std::vector<Option> options() override {
    return {study_argument(&study_),
            {.names = "--trial", .target = &trial_, .value = "NUMBER", .help = "pause this trial only"},
            {.names = "--wait", .target = &wait_, .value = "", .help = "return when the study has paused"}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto store, session.open_store(OpenMode::ReadWrite));
    PEGBOX_TRY(const std::string name, choose_study(*store, study_));
    PEGBOX_TRY(const bool runs, store->is_leased(name));
    if (!runs)
      return fail(ErrorKind::NotFound, {.where = name,
                                        .what = "no process runs the study",
                                        .hint = "there is nothing to pause; `pegbox show` says how it stands"});
    if (trial_ != kNoTrial) {
      PEGBOX_CHECK(check_trial_goes_on(*store, name, trial_));
      PEGBOX_CHECK(store->post(name, {Command::PauseTrial, trial_}));
      session.console().say(fmt::format("Trial {} of {} was asked to pause.", trial_, name));
      return ExitCode::Done;
    }
    PEGBOX_CHECK(store->post(name, {Command::Pause, -1}));
    if (wait_) return wait_until_idle(session, *store, name);
    session.console().say(fmt::format("{} was asked to pause; the same `pegbox tune` goes on with it.", name));
    return ExitCode::Done;
  }

 private:
  std::string study_;
  std::int64_t trial_ = kNoTrial;
  bool wait_ = false;
};

}  // namespace

std::unique_ptr<Subcommand> make_pause_command() { return std::make_unique<PauseStudy>(); }

}  // namespace pegbox
