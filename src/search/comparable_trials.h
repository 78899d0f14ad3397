// Comparable trials: those whose results may be set against each other.
#pragma once

#include <cstdint>
#include <vector>

#include "search/history.h"

namespace pegbox {

/// The numbers of the trials that best_trial and pareto_front choose from, ascending.
std::vector<std::int64_t> comparable_trials(const History& history);

}  // namespace pegbox
