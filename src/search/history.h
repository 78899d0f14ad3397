// History: what a decision may look at. A read-only fold of a study's events.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "search/constraints.h"
#include "search/event.h"
#include "search/study_spec.h"
#include "search/trial.h"

namespace pegbox {

/// Valid until the StudyState it came from changes.
struct History {
  const StudySpec& spec;
  const Constraints& constraints;
  std::span<const Trial> trials;  ///< trials[i].number == i
  std::uint64_t event_count = 0;
  double now_s = 0;         ///< study time of the last event
  std::int64_t steps = 0;   ///< length of a full trial: the spec's, or as described; 0: unknown
  double tokens_spent = 0;  ///< training tokens that all trials really consumed, work that was lost included
  std::span<const std::set<std::int64_t>> numbers_by_state;  ///< the trials in each state, in order of their number
  std::int64_t planned_trials = 0;  ///< the budget's trials when the study was created: rungs stay as it grows; 0: none
  std::span<const event::SourceAdded> sources = {};  ///< earlier studies

  const std::set<std::int64_t>& in_state(TrialState state) const {
    return numbers_by_state[static_cast<std::size_t>(state)];
  }

  /// Whether the budget has no trial left to create. Infeasible ones cost nothing.
  bool all_created() const;
};

/// Folds events into a History. One writer; copies are snapshots.
///
/// What may follow what:
/// - The first event, and no other, is StudyCreated. Trials are created with numbers 0, 1, 2, ...
/// - TrialStarted: of a waiting or paused trial, or of a running one that goes on to its next rung or starts again
///   after its host died. Reports with a step beyond `from`, and a checkpoint beyond it, are taken back: the leg will
///   make them again. `metrics` is then the latest of what remains.
/// - TrialReported: of a running trial, with a step beyond its last report (the first may be at 0).
/// - TrialMoved: waiting to paused, stopped, failed, infeasible; running to anything but running; paused to waiting,
///   stopped, failed. Nothing follows an end. From running with the failure WorkerLost, `lost_workers` counts it.
/// - A clone's checkpoint is what it was cloned from, until it has one of its own, and its step is that one's.
/// - SourceAdded: anywhere after the first.
/// - StudyChanged: trials keep their configurations. Sources are forgotten if the new study file has other ones; new
///   ones follow then. A description whose limits do not fit the new space is dropped,
///   and with it the note "described": the worker is to be asked again.
///
/// Tokens: a trial's metric "tokens" counts from its beginning; what it grows by from report to report is spent. When a
/// leg starts again from an earlier step, counting starts again from the count at that step (interpolated between
/// reports), so that lost work stays counted. A clone's first count is taken as including its parent's if it is not
/// less.
class StudyState {
 public:
  /// Folds one event. Corrupt if it cannot follow (index out of order, unknown trial, an end after an end),
  /// InvalidInput for a description whose limits cannot be evaluated; nothing has changed then.
  Result<void> apply(const Event& event);

  History history() const;
  const StudySpec& spec() const { return spec_; }
  const Trial& trial(std::int64_t number) const { return trials_[static_cast<std::size_t>(number)]; }
  std::uint64_t event_count() const { return event_count_; }
  double now_s() const { return now_s_; }
  const std::map<std::string, Json>& notes() const { return notes_; }  ///< of the study itself, latest by key
  const std::string& version() const { return version_; }

 private:
  Result<void> fold(const Event& event, const event::StudyCreated& what);
  Result<void> fold(const Event& event, const event::StudyChanged& what);
  Result<void> fold(const Event& event, const event::TrialCreated& what);
  Result<void> fold(const Event& event, const event::TrialStarted& what);
  Result<void> fold(const Event& event, const event::TrialReported& what);
  Result<void> fold(const Event& event, const event::TrialMoved& what);
  Result<void> fold(const Event& event, const event::Note& what);
  Result<void> fold(const Event& event, const event::SourceAdded& what);
  Result<Trial*> find_trial(std::int64_t number);

  StudySpec spec_;
  Constraints constraints_;
  void set_state(Trial& trial, TrialState to);

  std::vector<Trial> trials_;
  std::vector<event::SourceAdded> sources_;
  std::array<std::set<std::int64_t>, kTrialStates> numbers_by_state_;
  std::map<std::string, Json> notes_;
  std::string version_;
  std::uint64_t event_count_ = 0;
  double now_s_ = 0;
  double tokens_spent_ = 0;
  std::int64_t planned_trials_ = 0;
  std::vector<double> tokens_counted_;  ///< [trials]: the count up to which tokens_spent_ holds a trial's tokens
  std::int64_t described_steps_ = 0;
};

/// The number the search minimizes: the objective's sign times the metric at the trial's last report; nothing for
/// trials without it. Done, stopped, paused and running trials may have one; what is not finite counts as none.
std::optional<double> loss_of(const History& history, const Trial& trial, std::size_t objective = 0);

/// The best trial by the first objective that violates no constraint: of the done ones, if there are any with a loss;
/// else of those stopped or paused whose loss was measured at the greatest step among these. The lower number of
/// equals. Nothing if there is none.
std::optional<std::int64_t> best_trial(const History& history);

/// The trials of the Pareto front over all objectives, by number; among the same trials as `best_trial`, as far as they
/// have all objectives. Equal ones are all in it.
std::vector<std::int64_t> pareto_front(const History& history);

}  // namespace pegbox
