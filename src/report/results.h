// Results: the trials that have a value of the first objective, and how few of many are chosen to be drawn.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "search/history.h"

namespace pegbox {

struct Scored {
  const Trial* trial = nullptr;
  double value = 0;         ///< of the first objective, finite
  bool is_refused = false;  ///< a constraint on metrics or a gate keeps it from being the best
};

/// In the order of their ends; those that go on are last. Valid as long as the history.
std::vector<Scored> results_of(const History& history);

/// Every n-th of `all`, so that at most `most` (> 1) are left; the first and the last are kept.
template <class T>
std::vector<T> thinned(const std::vector<T>& all, std::size_t most) {
  if (all.size() <= most) return all;
  std::vector<T> some;
  for (std::size_t i = 0; i < most; ++i) some.push_back(all[i * (all.size() - 1) / (most - 1)]);
  return some;
}

/// At most `most` (> 4) of the results, by trial number: the best quarter of so many, the Pareto front where there are
/// several objectives, and others evenly from all.
std::vector<Scored> drawn_results(const History& history, std::size_t most);

}  // namespace pegbox
