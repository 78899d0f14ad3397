// Summary statistics and Student's interval.
#include "math/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cassert>
#include <cmath>
#include <numeric>
#include <vector>

namespace pegbox::math {
namespace {

Result<void> check_sample(std::span<const double> values) {
  if (values.size() < 2)
    return fail(ErrorKind::InvalidInput, {.where = "statistics",
                                          .what = "too few values for a statement about their mean",
                                          .got = std::to_string(values.size()),
                                          .expected = "at least 2"});
  for (double value : values)
    if (!std::isfinite(value))
      return fail(ErrorKind::InvalidInput,
                  {.where = "statistics", .what = "a value is not finite", .got = fmt::format("{}", value)});
  return {};
}

double sum(std::span<const double> values) { return std::accumulate(values.begin(), values.end(), 0.0); }

}  // namespace

double mean(std::span<const double> values) {
  assert(!values.empty());
  return sum(values) / static_cast<double>(values.size());
}

double median(std::span<const double> values) { return quantile(values, 0.5); }

double quantile(std::span<const double> values, double probability) {
  assert(!values.empty() && probability >= 0 && probability <= 1);
  std::vector<double> sorted(values.begin(), values.end());
  const double place = probability * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  std::nth_element(sorted.begin(), sorted.begin() + below, sorted.end());
  if (below + 1 == sorted.size()) return sorted[below];
  const double above = *std::min_element(sorted.begin() + below + 1, sorted.end());
  return sorted[below] + (place - static_cast<double>(below)) * (above - sorted[below]);
}

double variance(std::span<const double> values) {
  if (values.size() < 2) return 0;
  const double centre = mean(values);
  double squares = 0;
  for (double value : values) squares += (value - centre) * (value - centre);
  return squares / static_cast<double>(values.size() - 1);
}

double standard_deviation(std::span<const double> values) { return std::sqrt(variance(values)); }

double standard_error(std::span<const double> values) {
  return std::sqrt(variance(values) / static_cast<double>(values.size()));
}

double weighted_mean(std::span<const double> values, std::span<const double> weights) {
  assert(values.size() == weights.size() && sum(weights) > 0);
  return std::inner_product(values.begin(), values.end(), weights.begin(), 0.0) / sum(weights);
}

double weighted_standard_error(std::span<const double> values, std::span<const double> weights) {
  const double centre = weighted_mean(values, weights), total = sum(weights);
  double squares = 0, weight_squares = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    squares += weights[i] * (values[i] - centre) * (values[i] - centre);
    weight_squares += weights[i] * weights[i];
  }
  const double freedom = total - weight_squares / total;
  if (freedom <= 1e-12 * total) return 0;
  return std::sqrt(squares / freedom * weight_squares) / total;
}

double weighted_quantile(std::span<const double> values, std::span<const double> weights, double probability) {
  assert(values.size() == weights.size() && sum(weights) > 0 && probability >= 0 && probability <= 1);
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::size_t i) { return values[i]; });
  const double wanted = probability * sum(weights);
  double cumulated = 0, last = 0;
  for (std::size_t i : order) {
    if (weights[i] <= 0) continue;
    cumulated += weights[i];
    last = values[i];
    if (cumulated >= wanted) break;
  }
  return last;
}

Result<Interval> student_interval(std::span<const double> values, double confidence_fraction) {
  PEGBOX_CHECK(check_sample(values));
  if (!(confidence_fraction > 0 && confidence_fraction < 1))
    return fail(ErrorKind::InvalidInput, {.where = "statistics",
                                          .what = "confidence out of range",
                                          .got = fmt::format("{}", confidence_fraction),
                                          .expected = "between 0 and 1"});
  const boost::math::students_t distribution(static_cast<double>(values.size() - 1));
  const double reach = boost::math::quantile(boost::math::complement(distribution, (1 - confidence_fraction) / 2));
  const double centre = mean(values), half = reach * standard_error(values);
  return Interval{centre - half, centre + half};
}

Result<double> student_p_value(std::span<const double> values) {
  PEGBOX_CHECK(check_sample(values));
  const double centre = mean(values), error = standard_error(values);
  if (error == 0) return centre == 0 ? 1.0 : 0.0;
  const boost::math::students_t distribution(static_cast<double>(values.size() - 1));
  return 2 * boost::math::cdf(boost::math::complement(distribution, std::abs(centre / error)));
}

}  // namespace pegbox::math
