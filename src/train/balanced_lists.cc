// balanced_lists: see balanced_lists.h.
#include "train/balanced_lists.h"

#include <algorithm>
#include <numeric>

namespace pegbox::train {

std::vector<std::vector<std::size_t>> balanced_lists(std::span<const std::int64_t> loads, std::size_t count) {
  std::vector<std::size_t> by_load(loads.size());
  std::iota(by_load.begin(), by_load.end(), std::size_t{0});
  std::ranges::stable_sort(by_load, std::greater(), [&](std::size_t item) { return loads[item]; });
  std::vector<std::vector<std::size_t>> lists(std::max<std::size_t>(1, count));
  std::vector<std::int64_t> sums(lists.size());
  for (const std::size_t item : by_load) {  // each to the emptiest, the largest first
    const auto emptiest = static_cast<std::size_t>(std::ranges::min_element(sums) - sums.begin());
    lists[emptiest].push_back(item);
    sums[emptiest] += loads[item];
  }
  return lists;
}

}  // namespace pegbox::train
