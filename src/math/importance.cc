// Variance shares from means of bins.
#include "math/importance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "math/statistics.h"

namespace pegbox::math {
namespace {

// The bin of each point along one dimension: one for each value where there are few, else groups of about equal size
// that never part equal values; inactive points come last.
std::vector<int> bins_of(std::span<const double> column, int wanted) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < column.size(); ++i)
    if (!std::isnan(column[i])) order.push_back(i);
  std::ranges::sort(order, {}, [&](std::size_t i) { return column[i]; });
  const auto starts_value = [&](std::size_t i) { return i == 0 || column[order[i]] != column[order[i - 1]]; };
  std::size_t distinct = 0;
  for (std::size_t i = 0; i < order.size(); ++i) distinct += starts_value(i);

  std::vector<int> bins(column.size(), -1);
  int bin = -1;
  std::size_t begin = 0;  // of the current bin
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool is_full = static_cast<int>(distinct) <= wanted || (i - begin) * wanted >= order.size();
    if (i == 0 || (starts_value(i) && is_full)) {
      ++bin;
      begin = i;
    }
    bins[order[i]] = bin;
  }
  for (int& b : bins)
    if (b < 0) b = bin + 1;
  return bins;
}

// Var(E[f | bin]): the means' variance less what the noise within bins adds to it.
double variance_between(const std::vector<int>& bins, std::span<const double> values) {
  const int count = *std::ranges::max_element(bins) + 1;
  std::vector<double> sums(count), sizes(count);
  for (std::size_t i = 0; i < bins.size(); ++i) {
    sums[bins[i]] += values[i];
    ++sizes[bins[i]];
  }
  const double n = static_cast<double>(values.size()), centre = mean(values);
  double between = 0, within = 0;
  for (int b = 0; b < count; ++b) {
    const double difference = sums[b] / sizes[b] - centre;
    between += sizes[b] * difference * difference;
  }
  for (std::size_t i = 0; i < bins.size(); ++i) {
    const double difference = values[i] - sums[bins[i]] / sizes[bins[i]];
    within += difference * difference;
  }
  const double freedom = n - count;
  return freedom > 0 ? std::max(0.0, (between - (count - 1) * within / freedom) / n) : 0;
}

}  // namespace

Result<Importance> variance_shares(std::span<const Dimension> dimensions, std::span<const double> points,
                                   std::span<const double> values) {
  PEGBOX_CHECK(check_points(dimensions, points));
  const std::size_t d = dimensions.size(), n = values.size();
  if (points.size() != n * d || n < 64)
    return fail(ErrorKind::InvalidInput, {.where = "importance",
                                          .what = "points and values do not agree, or are too few",
                                          .got = fmt::format("{} points, {} values", points.size() / d, n),
                                          .expected = "as many of both, at least 64"});
  if (std::ranges::any_of(values, [](double x) { return !std::isfinite(x); }))
    return fail(ErrorKind::InvalidInput, {.where = "importance", .what = "a value is not finite"});

  Importance importance{.shares = std::vector<double>(d, 0.0), .total_variance = variance(values)};
  const double largest = std::abs(*std::ranges::max_element(values, {}, [](double x) { return std::abs(x); }));
  if (!(importance.total_variance > 1e-24 * largest * largest)) return importance;  // constant up to rounding
  const double population = importance.total_variance * static_cast<double>(n - 1) / static_cast<double>(n);
  const int wanted = std::clamp(static_cast<int>(std::sqrt(static_cast<double>(n)) / 2), 4, 64);
  std::vector<double> column(n);
  for (std::size_t j = 0; j < d; ++j) {
    for (std::size_t i = 0; i < n; ++i) column[i] = points[i * d + j];
    importance.shares[j] = std::min(1.0, variance_between(bins_of(column, wanted), values) / population);
  }
  importance.interaction_share =
      std::max(0.0, 1 - std::accumulate(importance.shares.begin(), importance.shares.end(), 0.0));
  return importance;
}

Result<Importance> importance_of(const GaussianProcess& process, std::span<const double> points) {
  PEGBOX_CHECK(check_points(process.dimension_kinds(), points));
  return variance_shares(process.dimension_kinds(), points, process.mean_all(points));
}

}  // namespace pegbox::math
