// The order in which executors hand over signals: by time, then by trial; those of one trial as they came.
#pragma once

#include <algorithm>
#include <tuple>
#include <vector>

#include "search/executor.h"

namespace pegbox {

inline void sort_signals(std::vector<Signal>& signals) {
  std::ranges::stable_sort(signals, {}, [](const Signal& signal) { return std::tie(signal.time_s, signal.trial); });
}

}  // namespace pegbox
