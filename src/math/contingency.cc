// Contingency: see contingency.h.
#include "math/contingency.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/number.h"

namespace pegbox::math {

namespace {

constexpr double kEquallyLikely = 1 + 1e-7;  // rounding must not take a table as likely as the one seen for less so

TestResult of_statistic(double statistic, int categories) {
  if (categories < 2) return {};
  if (!std::isfinite(statistic)) return {.statistic = statistic, .p_value = 0};
  const boost::math::chi_squared_distribution<double> distribution(categories - 1);
  return {.statistic = statistic, .p_value = cdf(complement(distribution, statistic))};
}

double sum_of(const std::vector<double>& counts) { return std::accumulate(counts.begin(), counts.end(), 0.0); }

}  // namespace

TestResult chi_squared(const CountPair& counts) {
  const double first = sum_of(counts.first), second = sum_of(counts.second);
  double statistic = 0;
  int categories = 0;
  for (std::size_t i = 0; i < counts.first.size(); ++i) {
    const double both = counts.first[i] + counts.second[i];
    if (both == 0) continue;
    ++categories;
    const double expected = both / (first + second) * first, excess = counts.first[i] - expected;
    statistic += excess * excess * (1 / expected + 1 / (both - expected));
  }
  return of_statistic(statistic, categories);
}

TestResult chi_squared_fit(const CountPair& counts) {
  const double scale = sum_of(counts.second) / sum_of(counts.first);
  double statistic = 0;
  int categories = 0;
  for (std::size_t i = 0; i < counts.first.size(); ++i) {
    if (counts.first[i] + counts.second[i] == 0) continue;
    ++categories;
    const double expected = counts.first[i] * scale, excess = counts.second[i] - expected;
    statistic += expected > 0 ? excess * excess / expected : kInfinity;
  }
  return of_statistic(statistic, categories);
}

double fisher_p_value(std::int64_t first, std::int64_t first_trials, std::int64_t second, std::int64_t second_trials) {
  const std::int64_t hits = first + second, least = std::max<std::int64_t>(0, hits - second_trials);
  const std::int64_t most = std::min(hits, first_trials), tables = most - least + 1;
  if (tables < 2) return 1;
  const auto n = static_cast<double>(first_trials), m = static_cast<double>(second_trials);
  // P(i + 1) / P(i) of the hypergeometric distribution.
  const auto ratio = [&](std::int64_t i) {
    const auto x = static_cast<double>(i), all = static_cast<double>(hits);
    return (n - x) * (all - x) / ((x + 1) * (m - all + x + 1));
  };
  std::vector<double> likelihood(static_cast<std::size_t>(tables), 0.0);  // relative to the most likely table's
  const auto at = [&](std::int64_t i) -> double& { return likelihood[static_cast<std::size_t>(i - least)]; };
  const auto middle = static_cast<std::int64_t>(static_cast<double>(hits + 1) * (n + 1) / (n + m + 2));
  const std::int64_t mode = std::clamp(middle, least, most);
  at(mode) = 1;
  for (std::int64_t i = mode; i < most && at(i) > 0; ++i) at(i + 1) = at(i) * ratio(i);
  for (std::int64_t i = mode; i > least && at(i) > 0; --i) at(i - 1) = at(i) / ratio(i - 1);
  const double bound = at(first) * kEquallyLikely;
  double sum = 0, as_unlikely = 0;
  for (const double value : likelihood) {
    sum += value;
    if (value <= bound) as_unlikely += value;
  }
  return std::min(1.0, as_unlikely / sum);
}

}  // namespace pegbox::math
