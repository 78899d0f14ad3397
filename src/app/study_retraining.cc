// StudyRetraining: see study_retraining.h.
#include "app/study_retraining.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/executor_factory.h"
#include "app/machine.h"
#include "app/stored_file.h"
#include "app/worker_places.h"
#include "base/units.h"

namespace pegbox {

namespace {

constexpr double kOtherMachine = 1e-3;  ///< relative; rounding in another order, carried through a training run

/// The done trials, those with the lowest losses first if only some are wanted.
std::vector<std::int64_t> chosen_trials(const History& history, const RetrainingOptions& options) {
  if (!options.trials.empty()) return options.trials;
  std::vector<std::int64_t> chosen;
  for (const std::int64_t number : history.in_state(TrialState::Done))
    if (!history.trials[static_cast<std::size_t>(number)].clone_of) chosen.push_back(number);
  if (options.best == 0) return chosen;
  std::ranges::stable_sort(chosen, {}, [&](std::int64_t number) {
    return loss_of(history, history.trials[static_cast<std::size_t>(number)]).value_or(HUGE_VAL);
  });
  chosen.resize(std::min(chosen.size(), static_cast<std::size_t>(options.best)));
  std::ranges::sort(chosen);
  return chosen;
}

/// Whether the built-in trainer trains several trials in one pass, whose sums are then rounded in other orders.
bool shares_passes(const StudyFile& file) {
  return file.trial.kind == TrialKind::Trainer && file.trial.trainer.value("slots", Json(1)) != 1;
}

void choose_tolerance(const StudyState& state, const StudyFile& file, const RetrainingOptions& options,
                      RetrainedStudy& study) {
  const auto note = state.notes().find(kMachineNote);
  const Json then = note == state.notes().end() ? Json() : note->second, now = machine_note(file.spec);
  study.tolerance = options.tolerance.value_or(kOtherMachine);
  if (options.tolerance)
    study.why = "as asked for";
  else if (then.is_null())
    study.why = "the log does not say what machine the study ran on";
  else if (then != now)
    study.why = fmt::format("the study ran on {} with pegbox {}, this is {} with pegbox {}", to_line(then["units"]),
                            then.value("version", ""), to_line(now["units"]), now.value("version", ""));
  else if (shares_passes(file))
    study.why = "trials shared passes, whose sums are rounded in another order beside others";
  else
    study.tolerance = 0, study.why = "the same class of machine, version and threads as then";
}

/// A folder that goes when nobody needs it any more.
struct FolderForAWhile {
  Path path;
  ~FolderForAWhile() { static_cast<void>(remove_tree(path)); }
};

}  // namespace

std::int64_t RetrainedStudy::differences() const {
  return std::ssize(faults) +
         std::ranges::count_if(metrics, [](const RetrainedMetric& each) { return each.differs_at >= 0; });
}

Json machine_note(const StudySpec& spec) {
  const Machine machine = Machine::look();
  return {{"processor", machine.processor},
          {"units", machine.units},
          {"gpus", machine.gpus},
          {"threads", threads_of_worker(spec.workers, Resources::look())},
          {"version", PEGBOX_VERSION}};
}

Result<RetrainedStudy> retrain_study(std::span<const Event> events, const StudyState& state,
                                     const RetrainingOptions& options, const Path& files, Console& console,
                                     const std::atomic<bool>& interrupted) {
  PEGBOX_TRY(const StudyFile file, stored_file(state, options.folder));
  const std::vector<std::int64_t> chosen = chosen_trials(state.history(), options);
  PEGBOX_TRY(const auto recorded, recorded_trials(events, chosen));
  if (recorded.empty())
    return fail(ErrorKind::InvalidInput, {.where = state.spec().name,
                                          .what = "no trial ran to its end",
                                          .hint = "--trials names others that came to a rung"});
  RetrainedStudy study;
  choose_tolerance(state, file, options, study);
  double seconds = 0;
  for (const std::int64_t number : chosen) seconds += state.trial(number).ended_s - state.trial(number).created_s;
  console.say(fmt::format("Training {} of {} trials again; from their beginnings to their ends they took {} then.",
                          recorded.size(), state.history().trials.size(), format_duration(seconds)));
  std::vector<std::string> metrics = options.metrics;
  if (metrics.empty())
    for (const Objective& objective : state.spec().objectives) metrics.push_back(objective.metric);
  const FolderForAWhile folder{files};
  PEGBOX_TRY(const auto executor, make_executor(file, files, interrupted));
  std::size_t ended = 0;
  const auto tell = [&](std::size_t place) {
    console.say(fmt::format("trial {} is trained again ({} of {})", recorded[place].number, ++ended, recorded.size()));
  };
  PEGBOX_TRY(const auto retrained, retrain(recorded, *executor, interrupted, tell));
  for (std::size_t i = 0; i < recorded.size(); ++i) {
    if (!retrained[i].fault.empty()) study.faults.emplace_back(recorded[i].number, retrained[i].fault);
    for (RetrainedMetric& each : compare_retrained(recorded[i], retrained[i], metrics, study.tolerance))
      study.metrics.push_back(std::move(each));
  }
  return study;
}

Json to_json(const RetrainedStudy& study) {
  Json trials = Json::array(), faults = Json::array();
  for (const RetrainedMetric& each : study.metrics)
    trials.push_back({{"trial", each.trial},
                      {"metric", each.metric},
                      {"step", each.step},
                      {"recorded", json_number(each.recorded)},
                      {"retrained", json_number(each.retrained)},
                      {"difference", json_number(each.difference)},
                      {"differs_at", each.differs_at < 0 ? Json() : Json(each.differs_at)}});
  for (const auto& [trial, detail] : study.faults) faults.push_back({{"trial", trial}, {"detail", detail}});
  return {{"tolerance", study.tolerance},
          {"why", study.why},
          {"trials", std::move(trials)},
          {"faults", std::move(faults)},
          {"differences", study.differences()}};
}

}  // namespace pegbox
