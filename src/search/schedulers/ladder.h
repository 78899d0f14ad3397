// Ladder: who of the trials at a rung may go on: asynchronous successive halving among any set of trials.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "search/scheduler.h"

namespace pegbox {

/// Whether the trial was sent beyond the rung.
bool went_on(const Trial& trial, std::int64_t rung);

/// Whether it has come there. A trial that went on but lost its worker may have to run again to the rung: it came there
/// all the same.
bool came_to(const Trial& trial, std::int64_t rung);

/// At a rung a trial goes on if it is among the best floor(n / reduction) of the n members that have reached it and a
/// place is left after those that went on before and those that wait with a better loss; else it waits. A loss that is
/// not finite ends the trial, and one that is not given yet (as what is known at the end alone) lets it go on. Members
/// that ended at a rung (stopped by a person, failed) count in n but take no place. Once the budget has no trial left
/// to create and none is on its way to a rung, the best there goes on in any case: nobody comes who could take its
/// place, and a study whose best curve is unfinished has not found what it paid for. The first `baselines` trials go on
/// at every rung. One of them takes a place only where it is among the best.
class Ladder {
 public:
  Ladder(std::vector<std::int64_t> rungs, std::int64_t reduction, std::int64_t baselines = 0)
      : rungs_(std::move(rungs)), reduction_(reduction), baselines_(baselines) {}

  /// The first rung beyond the trial's step; 0: it runs to its end.
  std::int64_t next_rung(const Trial& trial) const;

  /// `trial` is one of `members`.
  Ruling judge(const History& history, std::span<const Trial* const> members, const Trial& trial) const;

  /// The best member that waits where a place is free, from the highest rung down.
  std::optional<Promotion> promote(const History& history, std::span<const Trial* const> members) const;

 private:
  template <class Wanted>
  std::vector<const Trial*> promotable_at(const History& history, std::span<const Trial* const> members,
                                          std::int64_t step, Wanted wanted) const;
  bool is_baseline(const Trial& trial) const { return trial.number < baselines_; }

  std::vector<std::int64_t> rungs_;
  std::int64_t reduction_;
  std::int64_t baselines_;
};

}  // namespace pegbox
