// Comparable trials: those whose results may be set against each other, and those that a gate keeps out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "search/history.h"

namespace pegbox {

/// The numbers of the trials that best_trial and pareto_front choose from, ascending.
std::vector<std::int64_t> comparable_trials(const History& history);

/// A trial that has a result and may not be the best.
struct RefusedTrial {
  std::int64_t trial = 0;
  std::vector<std::string> reasons;  ///< each constraint and gate that does not hold, with its numbers
};

/// The done trials with a value of the first objective that violate constraints on metrics or gates, by number.
std::vector<RefusedTrial> refused_trials(const History& history);

/// Why this trial may not be the best, as a RefusedTrial's; empty if it may, or has not ended.
std::vector<std::string> refusal_reasons(const History& history, const Trial& trial);

}  // namespace pegbox
