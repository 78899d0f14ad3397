// pegbox logs: what a trial's program, or the workers, printed.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/session.h"
#include "app/study_files.h"
#include "app/trial_log.h"

namespace pegbox {

namespace {

bool has_run(const Trial& trial) {
  return trial.started_s > 0 || trial.state == TrialState::Running || trial.state == TrialState::Done ||
         trial.state == TrialState::Failed;
}

class Logs final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "logs",
            .group = CommandGroup::Studies,
            .summary = "print what a trial printed",
            .description =
                "Prints the output of a trial's program. Workers that run many trials have one log each: without a "
                "trial's number, or where the trial has no output of its own, theirs are printed.",
            .example = "pegbox logs code-lora 7\npegbox logs code-lora",
            .uses_store = true};
  }
  std::vector<Option> options() override {
    return {{.names = "study",
             .target = &study_,
             .value = "STUDY",
             .help = "its name; not needed where there is only one and no trial is named",
             .completion = Completion::Study},
            {.names = "trial", .target = &trial_, .value = "TRIAL", .help = "the trial's number"}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto store, session.open_store());
    PEGBOX_TRY(const StorePlace place, session.place());
    PEGBOX_TRY(const std::string name, choose_study(*store, study_));
    if (trial_ != kNoTrial) {
      PEGBOX_TRY(const auto study, Study::open(*store, name));
      const History history = study->history();
      PEGBOX_CHECK(check_trial(history, trial_));
      const bool ran = has_run(study->state().trial(trial_));
      const std::string text = whole_log(log_of_trial(place, name, trial_));
      const bool has_own_log = !text.empty() || history.spec.trial.contains("command");
      if (text.empty() && (has_own_log || !ran))
        session.console().say(fmt::format("trial {} {}.", trial_, ran ? "printed nothing" : "has not run yet"));
      print(session, text);
      if (has_own_log || !ran) return ExitCode::Done;
    }
    return print_worker_logs(session, name, place.study_files(name));
  }

 private:
  /// As it was written; on a terminal without what would move its cursor.
  static void print(Session& session, const std::string& text) {
    session.console().print(session.console().out().is_terminal ? clean_text(text) : text);
  }

  static Result<ExitCode> print_worker_logs(Session& session, const std::string& name, const Path& folder) {
    const auto logs = worker_logs(folder);
    if (logs.empty())
      return fail(
          ErrorKind::NotFound,
          {.where = name, .what = "there is no log", .got = folder.string(), .hint = "trials write it when they run"});
    for (const Path& log : logs) {
      if (logs.size() > 1) session.console().print("== " + log.filename().string() + "\n");
      print(session, whole_log(log));
    }
    return ExitCode::Done;
  }

  std::string study_;
  std::int64_t trial_ = kNoTrial;
};

}  // namespace

std::unique_ptr<Subcommand> make_logs_command() { return std::make_unique<Logs>(); }

}  // namespace pegbox
