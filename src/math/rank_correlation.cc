// Ranks, Spearman's rho, Kendall's tau-b.
#include "math/rank_correlation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "math/statistics.h"

namespace pegbox::math {
namespace {

Result<void> check(std::span<const double> a, std::span<const double> b) {
  const auto refuse = [](std::string what, std::string got) {
    return fail(ErrorKind::InvalidInput, {.where = "rank correlation", .what = what, .got = got});
  };
  if (a.size() != b.size() || a.size() < 2)
    return refuse("needs two sequences of one length, at least 2", fmt::format("{} and {}", a.size(), b.size()));
  for (const auto& values : {a, b}) {
    if (std::ranges::any_of(values, [](double x) { return std::isnan(x); }))
      return refuse("a value is not a number", "nan");
    if (std::ranges::all_of(values, [&](double x) { return x == values[0]; }))
      return refuse("a constant sequence has no order", fmt::format("{}", values[0]));
  }
  return {};
}

// Pairs within runs of equal elements of a sorted sequence.
template <class Equal>
std::int64_t tied_pairs(std::size_t count, const Equal& equal_to_next) {
  std::int64_t pairs = 0, run = 1;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    run = equal_to_next(i) ? run + 1 : 1;
    pairs += run - 1;
  }
  return pairs;
}

// Sorts by merging and counts the exchanges: pairs that stand in the wrong order.
std::int64_t sort_counting(std::span<double> values, std::span<double> scratch) {
  if (values.size() < 2) return 0;
  const std::size_t half = values.size() / 2;
  std::int64_t exchanges = sort_counting(values.first(half), scratch) + sort_counting(values.subspan(half), scratch);
  std::size_t left = 0, right = half, out = 0;
  while (left < half && right < values.size()) {
    if (values[right] < values[left]) {
      exchanges += static_cast<std::int64_t>(half - left);
      scratch[out++] = values[right++];
    } else {
      scratch[out++] = values[left++];
    }
  }
  while (left < half) scratch[out++] = values[left++];
  std::copy_n(scratch.begin(), out, values.begin());
  return exchanges;
}

}  // namespace

std::vector<double> ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::size_t i) { return values[i]; });
  std::vector<double> result(values.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i) result[order[i]] = 0.5 * static_cast<double>(begin + 1 + end);
  }
  return result;
}

Result<double> spearman(std::span<const double> a, std::span<const double> b) {
  PEGBOX_CHECK(check(a, b));
  const std::vector<double> x = ranks(a), y = ranks(b);
  const double centre = 0.5 * static_cast<double>(a.size() + 1);
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - centre) * (y[i] - centre);
    xx += (x[i] - centre) * (x[i] - centre);
    yy += (y[i] - centre) * (y[i] - centre);
  }
  return xy / std::sqrt(xx * yy);
}

Result<double> kendall(std::span<const double> a, std::span<const double> b) {
  PEGBOX_CHECK(check(a, b));
  const std::size_t n = a.size();
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(a[i], b[i]); });
  const auto same_a = [&](std::size_t i) { return a[order[i]] == a[order[i + 1]]; };
  const auto same_both = [&](std::size_t i) { return same_a(i) && b[order[i]] == b[order[i + 1]]; };
  std::vector<double> by_a(n), scratch(n);
  for (std::size_t i = 0; i < n; ++i) by_a[i] = b[order[i]];
  const std::int64_t discordant = sort_counting(by_a, scratch);
  const std::int64_t all = static_cast<std::int64_t>(n) * (static_cast<std::int64_t>(n) - 1) / 2;
  const std::int64_t tied_a = tied_pairs(n, same_a), tied_both = tied_pairs(n, same_both);
  const std::int64_t tied_b = tied_pairs(n, [&](std::size_t i) { return by_a[i] == by_a[i + 1]; });
  const double concordant_surplus = static_cast<double>(all - tied_a - tied_b + tied_both - 2 * discordant);
  return concordant_surplus / std::sqrt(static_cast<double>(all - tied_a) * static_cast<double>(all - tied_b));
}

}  // namespace pegbox::math
