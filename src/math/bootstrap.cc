// Bootstrap intervals: percentile, and BCa with the jackknife's acceleration.
#include "math/bootstrap.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "math/normal.h"

namespace pegbox::math {
namespace {

Result<void> check(std::span<const double> values, const BootstrapOptions& options) {
  const auto refuse = [](std::string what, std::string got, std::string expected) {
    return fail(ErrorKind::InvalidInput, {.where = "bootstrap", .what = what, .got = got, .expected = expected});
  };
  if (values.size() < 2) return refuse("too few values", std::to_string(values.size()), "at least 2");
  for (double value : values)
    if (!std::isfinite(value)) return refuse("a value is not finite", fmt::format("{}", value), "finite values");
  if (!(options.confidence_fraction > 0 && options.confidence_fraction < 1))
    return refuse("confidence out of range", fmt::format("{}", options.confidence_fraction), "between 0 and 1");
  if (options.resamples < 100) return refuse("too few resamples", std::to_string(options.resamples), "at least 100");
  return {};
}

// Skewness of the statistic, from leaving out one value at a time: Efron and Tibshirani (1993), equation 14.15.
double acceleration(std::span<const double> values, const Statistic& statistic) {
  std::vector<double> without(values.begin() + 1, values.end());  // all but value i
  std::vector<double> left;
  for (std::size_t i = 0; i < values.size(); ++i) {
    left.push_back(statistic(without));
    if (i < without.size()) without[i] = values[i];
  }
  const double centre = mean(left);
  double squares = 0, cubes = 0;
  for (double value : left) {
    const double difference = centre - value;
    squares += difference * difference;
    cubes += difference * difference * difference;
  }
  return squares > 0 ? cubes / (6 * std::pow(squares, 1.5)) : 0;
}

double share_below(const std::vector<double>& sorted, double value) {  // ties count half
  const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
  const double below = static_cast<double>(first - sorted.begin()),
               not_above = static_cast<double>(last - sorted.begin());
  const double count = static_cast<double>(sorted.size());
  return std::clamp((below + not_above) / (2 * count), 0.5 / count, 1 - 0.5 / count);
}

}  // namespace

Result<Interval> bootstrap_interval(std::span<const double> values, const Statistic& statistic, const RngKey& key,
                                    const BootstrapOptions& options) {
  PEGBOX_CHECK(check(values, options));
  Rng rng(key);
  std::vector<double> sample(values.size()), resampled(options.resamples);
  for (double& result : resampled) {
    for (double& value : sample) value = values[rng.below(values.size())];
    result = statistic(sample);
  }
  std::ranges::sort(resampled);
  const double tail = (1 - options.confidence_fraction) / 2;
  double low = tail, high = 1 - tail;
  if (options.method == BootstrapMethod::Bca) {
    const double bias = normal_quantile(share_below(resampled, statistic(values)));
    const double skew = acceleration(values, statistic);
    const auto corrected = [&](double probability) {
      const double shifted = bias + normal_quantile(probability);
      return normal_cdf(bias + shifted / std::max(1 - skew * shifted, 1e-9));
    };
    low = corrected(tail);
    high = corrected(1 - tail);
  }
  return Interval{quantile(resampled, low), quantile(resampled, high)};
}

Result<Interval> bootstrap_mean_interval(std::span<const double> values, const RngKey& key,
                                         const BootstrapOptions& options) {
  return bootstrap_interval(values, [](std::span<const double> sample) { return mean(sample); }, key, options);
}

Result<Interval> bootstrap_paired_interval(std::span<const double> a, std::span<const double> b, const RngKey& key,
                                           const BootstrapOptions& options) {
  if (a.size() != b.size())
    return fail(ErrorKind::InvalidInput, {.where = "bootstrap",
                                          .what = "pairs of different lengths",
                                          .got = fmt::format("{} and {}", a.size(), b.size())});
  std::vector<double> differences(a.begin(), a.end());
  for (std::size_t i = 0; i < b.size(); ++i) differences[i] -= b[i];
  return bootstrap_mean_interval(differences, key, options);
}

}  // namespace pegbox::math
