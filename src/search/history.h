// History: what a decision may look at. A read-only fold of a study's events.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
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
  double tokens_spent = 0;  ///< sum over trials of the metric "tokens"
};

/// Folds events into a History. One writer; copies are snapshots.
class StudyState {
 public:
  /// Folds one event. Corrupt if it cannot follow (index out of order, unknown trial, an end after an end).
  Result<void> apply(const Event& event);

  History history() const;
  const StudySpec& spec() const { return spec_; }
  const Trial& trial(std::int64_t number) const { return trials_[static_cast<std::size_t>(number)]; }
  std::uint64_t event_count() const { return event_count_; }
  double now_s() const { return now_s_; }
  const std::map<std::string, Json>& notes() const { return notes_; }  ///< of the study itself, latest by key
  const std::string& version() const { return version_; }

 private:
  struct Folder;
  StudySpec spec_;
  Constraints constraints_;
  std::vector<Trial> trials_;
  std::map<std::string, Json> notes_;
  std::string version_;
  std::uint64_t event_count_ = 0;
  double now_s_ = 0;
  double tokens_spent_ = 0;
  std::int64_t described_steps_ = 0;
};

/// The number the search minimizes: the objective's sign times the metric at the trial's last report; nothing for
/// trials without it. Done, stopped, paused and running trials may have one; NaN counts as none.
std::optional<double> loss_of(const History& history, const Trial& trial, std::size_t objective = 0);

/// The best finished trial by the first objective that violates no constraint; with a scheduler, full-length trials go
/// before shorter ones. Nothing if there is none.
std::optional<std::int64_t> best_trial(const History& history);

/// The trials of the Pareto front over all objectives, by number.
std::vector<std::int64_t> pareto_front(const History& history);

}  // namespace pegbox
