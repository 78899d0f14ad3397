// Rank warp: losses as targets of a model.
#include "search/samplers/rank_warp.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/rng.h"
#include "math/statistics.h"

namespace pegbox {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

std::vector<double> rank_warp(std::span<const double> losses) {
  const std::size_t n = losses.size();
  std::vector<double> targets;
  for (const double loss : losses) targets.push_back(std::isfinite(loss) ? loss : kInfinity);
  std::vector<double> sorted(targets);
  std::ranges::sort(sorted);
  const auto finite = static_cast<std::size_t>(std::ranges::lower_bound(sorted, kInfinity) - sorted.begin());
  // The lower median is a loss that was measured, and finite also where most runs diverged.
  const double median = sorted[std::min((n - 1) / 2, finite - 1)];
  double squares = 0;
  std::size_t good = 0;
  for (; good < n && sorted[good] <= median; ++good) squares += (sorted[good] - median) * (sorted[good] - median);
  double spread = std::sqrt(squares / static_cast<double>(good));
  if (spread == 0) {  // the good half is one value: any positive spread orders the bad half behind it
    const double gap = good < finite ? sorted[finite - 1] - median : std::abs(median);
    spread = gap > 0 ? gap : 1.0;
  }
  for (double& target : targets) {
    if (target <= median) continue;
    const auto [first, last] = std::ranges::equal_range(sorted, target);
    // Ranks good + 1 ... n fill the upper half of the normal distribution; equal losses share the middle of theirs.
    const double rank =
        (static_cast<double>(first - sorted.begin()) + static_cast<double>(last - sorted.begin()) + 1) / 2;
    const double share = (rank - static_cast<double>(good) - 0.5) / static_cast<double>(n - good);
    target = median + spread * normal_quantile(0.5 + 0.5 * share);
  }
  return targets;
}

}  // namespace pegbox
