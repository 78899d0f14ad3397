// Expected hypervolume improvement of two objectives, strip by strip.
#include "math/hypervolume_improvement.h"

#include <algorithm>
#include <cmath>

#include "base/number.h"
#include "math/normal.h"

namespace pegbox::math {
namespace {

/// Below this part of EI(high) a difference of two is less exact than its linear approximation.
constexpr double kSmallPart = 1e-9;

/// log(EI(high) - EI(low)), given the logarithms of both.
Partial log_between(const Prediction& prediction, double low, double high, const Partial& below_low,
                    const Partial& below_high) {
  const double ratio = below_low.value - below_high.value, part = -std::expm1(ratio);
  if (part > kSmallPart) {
    const double share = std::exp(ratio);
    return {below_high.value + std::log(part), (below_high.by_mean - share * below_low.by_mean) / part,
            (below_high.by_variance - share * below_low.by_variance) / part};
  }
  const double deviation = prediction.standard_deviation();
  if (deviation <= 0 || !(high > low)) return {-kInfinity, 0, 0};
  const double z = (0.5 * (low + high) - prediction.mean) / deviation;
  const ValueAndSlope cdf = normal_log_cdf(z);
  return {std::log(high - low) + cdf.value, -cdf.slope / deviation, -cdf.slope * z / (2 * prediction.variance)};
}

}  // namespace

Result<FrontOfTwo> FrontOfTwo::create(std::span<const double> points, std::array<double, 2> reference) {
  const bool pairs = points.size() % 2 == 0;
  if (!pairs || !std::ranges::all_of(points, [](double x) { return std::isfinite(x); }) ||
      !std::isfinite(reference[0]) || !std::isfinite(reference[1]))
    return fail(ErrorKind::InvalidInput,
                {.where = "hypervolume improvement", .what = "the points are not pairs of finite numbers"});
  FrontOfTwo front(reference);
  for (std::size_t i = 0; i < points.size(); i += 2) front.add(points[i], points[i + 1]);
  return front;
}

void FrontOfTwo::add(double first, double second) {
  const std::size_t place =
      static_cast<std::size_t>(std::ranges::lower_bound(firsts_.begin(), firsts_.end() - 1, first) - firsts_.begin());
  if (!(first < firsts_.back() && second < seconds_[place])) return;  // seconds_[place]: of the points left of it
  if (place < size() && firsts_[place] == first && seconds_[place + 1] <= second) return;
  std::size_t end = place;  // of those that it dominates
  while (end < size() && seconds_[end + 1] >= second) ++end;
  const auto at = [](std::vector<double>& numbers, std::size_t i) {
    return numbers.begin() + static_cast<std::ptrdiff_t>(i);
  };
  firsts_.erase(at(firsts_, place), at(firsts_, end));
  seconds_.erase(at(seconds_, place + 1), at(seconds_, end + 1));
  firsts_.insert(at(firsts_, place), first);
  seconds_.insert(at(seconds_, place + 1), second);
}

FrontOfTwo::Sums FrontOfTwo::sums(const Prediction& first, const Prediction& second) const {
  const std::size_t strips = firsts_.size();
  std::vector<Partial> widths(strips), heights(strips);
  Partial last{-kInfinity, 0, 0};
  double highest = -kInfinity;
  for (std::size_t i = 0; i < strips; ++i) {
    const Partial below = partial_log_expected_improvement(first, firsts_[i]);
    widths[i] = i == 0 ? below : log_between(first, firsts_[i - 1], firsts_[i], last, below);
    last = below;
    heights[i] = partial_log_expected_improvement(second, seconds_[i]);
    highest = std::max(highest, widths[i].value + heights[i].value);
  }
  Sums sums{{-kInfinity, 0, 0}, {}};
  if (highest == -kInfinity) return sums;
  double sum = 0;
  for (std::size_t i = 0; i < strips; ++i) {
    const double weight = std::exp(widths[i].value + heights[i].value - highest);
    if (weight == 0) continue;
    sum += weight;
    sums.first.by_mean += weight * widths[i].by_mean;
    sums.first.by_variance += weight * widths[i].by_variance;
    sums.second.by_mean += weight * heights[i].by_mean;
    sums.second.by_variance += weight * heights[i].by_variance;
  }
  sums.first.value = highest + std::log(sum);
  for (double* each : {&sums.first.by_mean, &sums.first.by_variance, &sums.second.by_mean, &sums.second.by_variance})
    *each /= sum;
  return sums;
}

double FrontOfTwo::log_expected_improvement(const Prediction& first, const Prediction& second) const {
  return sums(first, second).first.value;
}

Acquisition FrontOfTwo::log_expected_improvement(const PredictionGradient& first,
                                                 const PredictionGradient& second) const {
  const Sums whole = sums(first.prediction, second.prediction);
  Acquisition acquisition{whole.first.value, std::vector<double>(first.mean_gradient.size())};
  for (std::size_t j = 0; j < acquisition.gradient.size(); ++j)
    acquisition.gradient[j] =
        whole.first.by_mean * first.mean_gradient[j] + whole.first.by_variance * first.variance_gradient[j] +
        whole.second.by_mean * second.mean_gradient[j] + whole.second.by_variance * second.variance_gradient[j];
  return acquisition;
}

}  // namespace pegbox::math
