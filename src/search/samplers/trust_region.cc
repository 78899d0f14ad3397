// TrustRegion: the part of a large space in which a search looks.
#include "search/samplers/trust_region.h"

#include <algorithm>
#include <cmath>

#include "base/number.h"

namespace pegbox {
namespace {

constexpr int kSuccesses = 3;      ///< in a row, until the side doubles
constexpr int kLeastFailures = 4;  ///< in a row, until it halves
constexpr double kLeastSide = 1.0 / 128, kLargestSide = 1.6;
constexpr double kLeastGain = 1e-3;  ///< of the distance from the median loss to the best, for a success

}  // namespace

TrustRegion follow_region(std::span<const TrialLoss> losses, int dimensions, std::int64_t initial) {
  TrustRegion region;
  const int failures_allowed = std::max(kLeastFailures, dimensions);
  std::vector<double> sorted;  // finite losses of the region
  std::int64_t seen = 0;
  int successes = 0, failures = 0;
  for (const auto& [trial, loss] : losses) {
    const double best = sorted.empty() ? kInfinity : sorted.front();
    const bool success =
        std::isfinite(loss) && (sorted.empty() || loss < best - kLeastGain * (sorted[sorted.size() / 2] - best));
    if (loss < best) region.center = trial;
    if (std::isfinite(loss)) sorted.insert(std::ranges::upper_bound(sorted, loss), loss);
    if (++seen <= initial) continue;
    successes = success ? successes + 1 : 0;
    failures = success ? 0 : failures + 1;
    if (successes == kSuccesses) region.side = std::min(kLargestSide, 2 * region.side), successes = 0;
    if (failures == failures_allowed) region.side /= 2, failures = 0;
    if (region.side >= kLeastSide) continue;
    region = {.first_trial = trial + 1, .center = {}};
    sorted.clear();
    seen = 0;
    successes = failures = 0;
  }
  return region;
}

math::Box box_of(const TrustRegion& region, const Space& space, const UnitPoint& center,
                 std::span<const double> length_scales) {
  const std::size_t d = center.at.size();
  math::Box box{std::vector<double>(d, 0.0), std::vector<double>(d, 1.0)};
  std::vector<std::size_t> axes;
  double logs = 0;
  for (std::size_t axis = 0; axis < d; ++axis) {
    if (!center.active[axis] || space.axes()[axis].kind == AxisKind::Categorical) continue;
    axes.push_back(axis);
    logs += std::log(length_scales[axis]);
  }
  for (const std::size_t axis : axes) {
    const double weight = length_scales[axis] / std::exp(logs / static_cast<double>(axes.size()));
    box.low[axis] = std::max(0.0, center.at[axis] - region.side / 2 * weight);
    box.high[axis] = std::min(1.0, center.at[axis] + region.side / 2 * weight);
  }
  return box;
}

}  // namespace pegbox
