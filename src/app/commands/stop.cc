// pegbox stop: ends a study, wherever it runs.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/patience.h"
#include "app/session.h"
#include "app/study_json.h"
#include "app/wait_for_study.h"
#include "search/tuner.h"

namespace pegbox {

namespace {

/// Ends a study that no process runs: what the tuner would do.
Result<void> stop_idle_study(Store& store, const std::string& name) {
  PEGBOX_TRY(const auto lease, patiently([&] { return store.lease(name); }));
  PEGBOX_TRY(const auto study, Study::open(store, name));
  const std::string state = study_summary(study->state(), false)["state"];
  const bool rests =
      std::ranges::any_of(study->history().trials, [](const Trial& each) { return !is_final(each.state); });
  if (!rests && (state == name_of(Outcome::Finished) || state == name_of(Outcome::Stopped)))
    return fail(ErrorKind::Conflict, {.where = name, .what = "the study has ended already", .got = state});
  const double now_s = study->state().now_s();
  for (std::int64_t number = 0; number < std::ssize(study->history().trials); ++number) {
    const Trial& trial = study->state().trial(number);
    if (is_final(trial.state)) continue;
    event::TrialMoved moved;
    moved.trial = number;
    moved.to = TrialState::Stopped;
    moved.step = trial.step;
    moved.detail = kStoppedByPerson;
    PEGBOX_CHECK(study->append(now_s, "user", std::move(moved)));
  }
  const Json note = {{"state", name_of(Outcome::Stopped)}, {"reason", kStoppedByPerson}};
  PEGBOX_CHECK(study->append(now_s, "user", event::Note{{}, kRunNote, note}));
  return study->commit();
}

class StopStudy final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "stop",
            .group = CommandGroup::Studies,
            .summary = "end a study, or one of its trials",
            .description =
                "Ends a study: running trials are stopped, waiting and paused ones given up; results stay. A later "
                "`pegbox tune` goes on with new trials. With --trial only that running trial is stopped.",
            .example = "pegbox stop code-lora\npegbox stop code-lora --trial 7",
            .uses_store = true};
  }
  std::vector<Option> options() override {
    return {study_argument(&study_),
            {.names = "--trial", .target = &trial_, .value = "NUMBER", .help = "stop this trial only"},
            {.names = "--wait", .target = &wait_, .value = "", .help = "return when the study has stopped"}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto store, session.open_store(OpenMode::ReadWrite));
    PEGBOX_TRY(const std::string name, choose_study(*store, study_));
    PEGBOX_TRY(const bool runs, store->is_leased(name));
    if (trial_ != kNoTrial) return stop_trial(session, *store, name, runs);
    if (!runs) {
      PEGBOX_CHECK(stop_idle_study(*store, name));
      session.console().say(fmt::format("{} is stopped.", name));
      return ExitCode::Done;
    }
    PEGBOX_CHECK(store->post(name, {Command::Stop, -1}));
    if (wait_) return wait_until_idle(session, *store, name);
    session.console().say(fmt::format("{} was asked to stop.", name));
    return ExitCode::Done;
  }

 private:
  Result<ExitCode> stop_trial(Session& session, Store& store, const std::string& name, bool runs) const {
    PEGBOX_CHECK(check_trial_goes_on(store, name, trial_));
    if (!runs)
      return fail(
          ErrorKind::NotFound,
          {.where = name, .what = "no process runs the study", .hint = "a single trial can be stopped while it runs"});
    PEGBOX_CHECK(store.post(name, {Command::StopTrial, trial_}));
    session.console().say(fmt::format("Trial {} of {} was asked to stop.", trial_, name));
    return ExitCode::Done;
  }

  std::string study_;
  std::int64_t trial_ = kNoTrial;
  bool wait_ = false;
};

}  // namespace

std::unique_ptr<Subcommand> make_stop_command() { return std::make_unique<StopStudy>(); }

}  // namespace pegbox
