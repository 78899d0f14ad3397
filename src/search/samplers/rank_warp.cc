// Rank warp: losses as targets of a model.
#include "search/samplers/rank_warp.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/number.h"
#include "base/rng.h"

namespace pegbox {
namespace {

/// Root mean square of the distances to `limit` of sorted[0, good); positive also where they are all 0.
double spread_below(std::span<const double> sorted, std::size_t good, std::size_t finite, double limit) {
  double squares = 0;
  for (const double loss : sorted.first(good)) squares += (loss - limit) * (loss - limit);
  if (squares > 0) return std::sqrt(squares / static_cast<double>(good));
  // The good ones are one value: any positive spread orders the others behind it.
  const double gap = good < finite ? sorted[finite - 1] - limit : std::abs(limit);
  return gap > 0 ? gap : 1.0;
}

}  // namespace

std::vector<double> rank_warp(std::span<const double> losses) {
  const std::size_t n = losses.size();
  std::vector<double> targets;
  for (const double loss : losses) targets.push_back(std::isfinite(loss) ? loss : kInfinity);
  std::vector<double> sorted(targets);
  std::ranges::sort(sorted);
  const auto finite = static_cast<std::size_t>(std::ranges::lower_bound(sorted, kInfinity) - sorted.begin());
  const double limit = sorted[std::min((n - 1) * 2 / 3, finite - 1)];
  const auto good = static_cast<std::size_t>(std::ranges::upper_bound(sorted, limit) - sorted.begin());
  const double spread = spread_below(sorted, good, finite, limit);
  for (double& target : targets) {
    if (target <= limit) continue;
    const auto [first, last] = std::ranges::equal_range(sorted, target);
    // Ranks good + 1 ... n fill the upper half of the normal distribution; equal losses share the middle of theirs.
    const double rank =
        (static_cast<double>(first - sorted.begin()) + static_cast<double>(last - sorted.begin()) + 1) / 2;
    const double share = (rank - static_cast<double>(good) - 0.5) / static_cast<double>(n - good);
    target = limit + spread * normal_quantile(0.5 + 0.5 * share);
  }
  return targets;
}

}  // namespace pegbox
