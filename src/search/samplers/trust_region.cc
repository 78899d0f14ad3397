// TrustRegion: the part of a large space in which a search looks.
#include "search/samplers/trust_region.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/number.h"
#include "search/samplers/levels.h"

namespace pegbox {
namespace {

constexpr int kSuccesses = 3;      ///< in a row, until the side doubles
constexpr int kLeastFailures = 4;  ///< in a row, until it halves
constexpr double kLeastSide = 1.0 / 128, kLargestSide = 1.6;
constexpr double kLeastGain = 1e-3;  ///< of the distance from the median loss to the best, for a success
constexpr double kRounding = 1e-4;   ///< of an axis, by which values may leave a box
constexpr double kMostSkew = 4;      ///< between the length scale of an axis and the middle one, as far as sides go

/// What the sides of axes are multiplied by: their length scales, without extremes, with a geometric mean of 1.
std::vector<double> skews_of(std::vector<double> log_lengths) {
  if (log_lengths.empty()) return {};
  std::vector<double> sorted(log_lengths);
  std::ranges::sort(sorted);
  const double middle = sorted[sorted.size() / 2];
  double sum = 0;
  for (double& each : log_lengths) sum += each = std::clamp(each - middle, -std::log(kMostSkew), std::log(kMostSkew));
  for (double& each : log_lengths) each = std::exp(each - sum / static_cast<double>(sorted.size()));
  return log_lengths;
}

/// From `at` - `half` to `at` + `half`, and on an axis with levels at least to the next ones.
std::pair<double, double> interval_around(const Space& space, std::size_t axis, double at, double half) {
  double low = std::max(0.0, at - half), high = std::min(1.0, at + half);
  const std::int64_t levels = space.axes()[axis].levels;
  if (levels > 1) {
    const int number = static_cast<int>(axis);
    const std::int64_t index = level_index(space, number, at);
    low = std::min(low, level_place(space, number, std::max<std::int64_t>(0, index - 1)));
    high = std::max(high, level_place(space, number, std::min(levels - 1, index + 1)));
  }
  return {low, high};
}

/// The trials of one region.
struct Course {
  std::vector<double> losses;  ///< finite ones, ascending
  std::int64_t seen = 0;
  int successes = 0, failures = 0;

  /// Takes a loss in; whether it is a success.
  bool improves(double loss) {
    ++seen;
    if (!std::isfinite(loss)) return false;
    const bool success =
        losses.empty() || loss < losses.front() - kLeastGain * (losses[losses.size() / 2] - losses.front());
    losses.insert(std::ranges::upper_bound(losses, loss), loss);
    return success;
  }
};

}  // namespace

TrustRegion follow_region(std::span<const Measured> trials, int dimensions, std::int64_t initial) {
  TrustRegion region;
  Course course;
  for (const Measured& each : trials) {
    const bool success = course.improves(each.allowed ? each.losses.front() : kInfinity);
    if (course.seen <= initial) continue;
    course.successes = success ? course.successes + 1 : 0;
    course.failures = success ? 0 : course.failures + 1;
    if (course.successes == kSuccesses) region.side = std::min(kLargestSide, 2 * region.side), course.successes = 0;
    if (course.failures == std::max(kLeastFailures, dimensions)) region.side /= 2, course.failures = 0;
    if (region.side >= kLeastSide) continue;
    region = {.first_trial = each.trial + 1};
    course = {};
  }
  return region;
}

Observations since(const Observations& all, std::int64_t first) {
  Observations kept{.measured = {}, .failed = all.failed, .pending = {}};
  std::ranges::copy_if(all.measured, std::back_inserter(kept.measured),
                       [&](const Measured& each) { return each.trial >= first; });
  std::ranges::copy_if(all.pending, std::back_inserter(kept.pending),
                       [&](std::int64_t trial) { return trial >= first; });
  return kept;
}

bool RegionBounds::contains(const UnitPoint& point) const {
  int changed = 0;
  for (std::size_t axis = 0; axis < point.at.size(); ++axis) {
    if (!point.active[axis]) continue;
    if (point.at[axis] < box.low[axis] - kRounding || point.at[axis] > box.high[axis] + kRounding) return false;
    changed += chosen[axis] && point.at[axis] != center.at[axis] ? 1 : 0;
  }
  return changed <= changes;
}

RegionBounds bounds_of(const TrustRegion& region, const Space& space, const UnitPoint& center,
                       std::span<const double> log_length_scales) {
  const std::size_t d = center.at.size();
  RegionBounds bounds{
      center, {std::vector<double>(d, 0.0), std::vector<double>(d, 1.0)}, 0, std::vector<bool>(d, false)};
  std::vector<std::size_t> axes;
  std::vector<double> logs;
  for (std::size_t axis = 0; axis < d; ++axis) {
    if (!center.active[axis]) continue;
    bounds.chosen[axis] = space.axes()[axis].kind == AxisKind::Categorical;
    if (bounds.chosen[axis]) continue;
    axes.push_back(axis);
    logs.push_back(log_length_scales[axis]);
  }
  const auto categories = static_cast<double>(std::ranges::count(bounds.chosen, true));
  bounds.changes = static_cast<int>(std::ceil(std::min(1.0, region.side) * categories));
  const std::vector<double> skews = skews_of(std::move(logs));
  for (std::size_t i = 0; i < axes.size(); ++i)
    std::tie(bounds.box.low[axes[i]], bounds.box.high[axes[i]]) =
        interval_around(space, axes[i], center.at[axes[i]], region.side / 2 * skews[i]);
  return bounds;
}

}  // namespace pegbox
