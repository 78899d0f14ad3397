// Histogram: see histogram.h.
#include "math/histogram.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace pegbox::math {

namespace {

constexpr std::size_t kMostValues = 20;
constexpr double kEmptyBinShare = 1e-4, kPartOfLeast = 1e-6;

CountPair value_counts(std::span<const double> first, std::span<const double> second) {
  std::map<double, std::pair<double, double>> counts;
  for (const double value : first) ++counts[value].first;
  for (const double value : second) ++counts[value].second;
  CountPair pair;
  for (const auto& [value, count] : counts) {
    pair.first.push_back(count.first);
    pair.second.push_back(count.second);
  }
  return pair;
}

bool has_few_bins(std::span<const double> values) {
  std::vector<double> seen;
  for (const double value : values) {
    if (std::ranges::find(seen, value) != seen.end()) continue;
    seen.push_back(value);
    if (seen.size() > kMostValues) return false;
  }
  return true;
}

std::vector<double> counts_between(std::span<const double> values, const std::vector<double>& edges) {
  std::vector<double> counts(edges.size() - 1, 0.0);
  for (const double value : values) {
    const auto above = std::ranges::upper_bound(edges, value) - edges.begin();
    ++counts[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(above - 1, 0, std::ssize(counts) - 1))];
  }
  return counts;
}

std::vector<double> shares_of_counts(const std::vector<double>& counts) {
  const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
  std::vector<double> result;
  for (const double count : counts) result.push_back(count / total);
  return result;
}

std::vector<double> positive_shares(const std::vector<double>& counts) {
  std::vector<double> result = shares_of_counts(counts);
  double least = 1;
  for (const double share : result)
    if (share > 0) least = std::min(least, share);
  std::ranges::replace(result, 0.0, least <= kEmptyBinShare ? least * kPartOfLeast : kEmptyBinShare);
  return result;
}

}  // namespace

CountPair bin_counts(std::span<const double> first, std::span<const double> second) {
  if (has_few_bins(first)) return value_counts(first, second);
  const auto [low_1, high_1] = std::ranges::minmax(first);
  const auto [low_2, high_2] = std::ranges::minmax(second);
  const double low = std::min(low_1, low_2), high = std::max(high_1, high_2);
  const double width = (high - low) / (std::log2(static_cast<double>(first.size() + second.size())) + 1);
  const auto bins = static_cast<std::size_t>(std::ceil((high - low) / width));
  std::vector<double> edges;
  for (std::size_t i = 0; i < bins; ++i)
    edges.push_back(low + static_cast<double>(i) * ((high - low) / static_cast<double>(bins)));
  edges.push_back(high);
  return {.first = counts_between(first, edges), .second = counts_between(second, edges)};
}

double jensen_shannon(const CountPair& counts) {
  const std::vector<double> p = shares_of_counts(counts.first), q = shares_of_counts(counts.second);
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const double middle = (p[i] + q[i]) / 2;
    for (const double share : {p[i], q[i]}) sum += share > 0 ? share * std::log(share / middle) : 0;
  }
  return std::sqrt(std::max(0.0, sum / 2));
}

double population_stability(const CountPair& counts) {
  const std::vector<double> p = positive_shares(counts.first), q = positive_shares(counts.second);
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) sum += (p[i] - q[i]) * std::log(p[i] / q[i]);
  return sum;
}

}  // namespace pegbox::math
