// Ladder: who of the trials at a rung may go on.
#include "search/schedulers/ladder.h"

#include <algorithm>

#include "search/schedulers/rung_losses.h"

namespace pegbox {
namespace {

/// The members that have come to one rung.
struct Rung {
  std::int64_t reached = 0;          ///< all of them, whatever became of them, and those that failed before
  std::int64_t promoted = 0;         ///< those that went on
  std::int64_t on_their_way = 0;     ///< those that are trained towards it
  std::vector<const Trial*> ranked;  ///< those that went on or still could, best first
};

Rung look_at(const History& history, std::span<const Trial* const> members, std::int64_t step) {
  Rung rung;
  std::vector<const Trial*> trials;
  for (const Trial* trial : members) {
    const bool is_trained = trial->state == TrialState::Running || trial->state == TrialState::Waiting;
    if (is_trained && !came_to(*trial, step)) ++rung.on_their_way;
    // One that failed on the way would have been the worst: it leaves its share of the places to the others.
    if (!came_to(*trial, step) && trial->state != TrialState::Failed) continue;
    ++rung.reached;
    if (!came_to(*trial, step)) continue;
    if (went_on(*trial, step)) ++rung.promoted;
    if (went_on(*trial, step) || !is_final(trial->state)) trials.push_back(trial);
  }
  for (const std::size_t i : order_at(history, trials, step)) rung.ranked.push_back(trials[i]);
  return rung;
}

}  // namespace

bool went_on(const Trial& trial, std::int64_t rung) { return trial.until == 0 || trial.until > rung; }

bool came_to(const Trial& trial, std::int64_t rung) {
  return has_reached(trial, rung) || (trial.state == TrialState::Running && went_on(trial, rung));
}

std::int64_t Ladder::next_rung(const Trial& trial) const {
  const auto next = std::ranges::upper_bound(rungs_, trial.step);
  return next == rungs_.end() ? 0 : *next;
}

/// Places are given in the order of the losses, to those that wait and those that have just come alike; then those that
/// `wanted` does not want are left out.
template <class Wanted>
std::vector<const Trial*> Ladder::promotable_at(const History& history, std::span<const Trial* const> members,
                                                std::int64_t step, Wanted wanted) const {
  const Rung rung = look_at(history, members, step);
  std::int64_t top = rung.reached / reduction_, places = top - rung.promoted;
  for (std::int64_t i = top; i < std::ssize(rung.ranked); ++i)  // those that took no place
    places += is_baseline(*rung.ranked[static_cast<std::size_t>(i)]) ? 1 : 0;
  const bool nobody_comes = history.all_created() && rung.on_their_way == 0;
  if (nobody_comes && !rung.ranked.empty() && !went_on(*rung.ranked.front(), step)) {
    top = std::max<std::int64_t>(top, 1);
    places = std::max<std::int64_t>(places, 1);
  }
  std::vector<const Trial*> promotable;
  for (std::int64_t i = 0; i < std::min<std::int64_t>(top, std::ssize(rung.ranked)) && places > 0; ++i) {
    const Trial& trial = *rung.ranked[static_cast<std::size_t>(i)];
    if (went_on(trial, step)) continue;
    if (!is_measured_at(history, trial, step)) break;
    --places;
    if (wanted(trial)) promotable.push_back(&trial);
  }
  return promotable;
}

Ruling Ladder::judge(const History& history, std::span<const Trial* const> members, const Trial& trial) const {
  const auto above = std::ranges::upper_bound(rungs_, trial.step);
  if (above == rungs_.begin() || went_on(trial, *(above - 1))) return Verdict::Continue;
  const std::int64_t step = *(above - 1);
  if (const auto ruling = ruling_without_losses(history, trial, step)) return *ruling;
  if (is_baseline(trial)) return Verdict::Continue;
  const auto promotable = promotable_at(history, members, step, [](const Trial&) { return true; });
  const bool goes_on = std::ranges::find(promotable, trial.number, &Trial::number) != promotable.end();
  if (goes_on) return Verdict::Continue;
  return {Verdict::Pause, "others are ahead"};
}

std::optional<Promotion> Ladder::promote(const History& history, std::span<const Trial* const> members) const {
  for (std::size_t i = rungs_.size(); i-- > 0;) {
    const auto promotable = promotable_at(history, members, rungs_[i],
                                          [](const Trial& trial) { return trial.state == TrialState::Paused; });
    if (!promotable.empty()) return Promotion{promotable.front()->number, next_rung(*promotable.front())};
  }
  return std::nullopt;
}

}  // namespace pegbox
