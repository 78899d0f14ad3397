// Two samples: see two_sample.h.
#include "math/two_sample.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <numbers>
#include <vector>

namespace pegbox::math {

namespace {

constexpr std::int64_t kMostForExact = 10'000;

std::vector<double> in_order(std::span<const double> values) {
  std::vector<double> copy(values.begin(), values.end());
  std::ranges::sort(copy);
  return copy;
}

/// Calls use(i, j, value, next): i values of `a` and j of `b` are at most `value`, and none of either lies between it
/// and `next`, which is `value` at the end.
template <class Use>
void for_each_step(const std::vector<double>& a, const std::vector<double>& b, const Use& use) {
  for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
    const double value = j == b.size() || (i < a.size() && a[i] <= b[j]) ? a[i] : b[j];
    while (i < a.size() && a[i] == value) ++i;
    while (j < b.size() && b[j] == value) ++j;
    double next = value;
    if (i < a.size()) next = a[i];
    if (j < b.size()) next = i < a.size() ? std::min(next, b[j]) : b[j];
    use(static_cast<std::int64_t>(i), static_cast<std::int64_t>(j), value, next);
  }
}

/// The share of lattice paths from (0, 0) to (n, m) that touch |i m - j n| >= distance. Of all paths to (i, j), i in
/// i + j come from (i - 1, j). Cells that are outside have the share 1.
double share_outside(std::int64_t n, std::int64_t m, std::int64_t distance) {
  if (distance <= 0) return 1;
  std::vector<double> share(static_cast<std::size_t>(m) + 1, 1.0);
  for (std::int64_t i = 0; i <= n; ++i) {
    const std::int64_t first = i * m < distance ? 0 : (i * m - distance) / n + 1;
    const std::int64_t last = std::min(m, (i * m + distance - 1) / n);
    for (std::int64_t j = first; j <= last; ++j) {
      const auto at = static_cast<std::size_t>(j);
      const double left = j > first ? share[at - 1] : 1;
      const double from_left = j > 0 ? static_cast<double>(j) * left : 0;
      const double from_below = i > 0 ? static_cast<double>(i) * share[at] : 0;
      share[at] = i + j == 0 ? 0 : (from_left + from_below) / static_cast<double>(i + j);
    }
  }
  return share.back();
}

/// P(K > x) of Kolmogorov's distribution: one of its two series, whichever converges in a few terms.
double kolmogorov_tail(double x) {
  constexpr int kTerms = 8;
  double sum = 0;
  if (x < 1) {
    if (x < 0.05) return 1;
    for (int k = 1; k <= kTerms; ++k) {
      const double odd = (2 * k - 1) * std::numbers::pi;
      sum += std::exp(-odd * odd / (8 * x * x));
    }
    return 1 - std::sqrt(2 * std::numbers::pi) / x * sum;
  }
  for (int k = 1; k <= kTerms; ++k) sum += (k % 2 == 1 ? 2 : -2) * std::exp(-2.0 * k * k * x * x);
  return sum;
}

}  // namespace

TestResult kolmogorov_smirnov(std::span<const double> first, std::span<const double> second) {
  const auto n = std::ssize(first), m = std::ssize(second);
  std::int64_t distance = 0;  // times n m
  for_each_step(in_order(first), in_order(second), [&](std::int64_t i, std::int64_t j, double, double) {
    distance = std::max(distance, std::abs(i * m - j * n));
  });
  const auto n_real = static_cast<double>(n), m_real = static_cast<double>(m);
  TestResult result{.statistic = static_cast<double>(distance) / n_real / m_real};
  if (std::max(n, m) <= kMostForExact) {
    result.p_value = share_outside(n, m, distance);
  } else {
    const double root = std::sqrt(n_real / (n_real + m_real) * m_real);
    result.p_value = kolmogorov_tail((root + 0.12 + 0.11 / root) * result.statistic);
  }
  return result;
}

double wasserstein(std::span<const double> first, std::span<const double> second) {
  const auto n = static_cast<double>(first.size()), m = static_cast<double>(second.size());
  double area = 0;
  for_each_step(in_order(first), in_order(second), [&](std::int64_t i, std::int64_t j, double value, double next) {
    area += std::abs(static_cast<double>(i) / n - static_cast<double>(j) / m) * (next - value);
  });
  return area;
}

}  // namespace pegbox::math
