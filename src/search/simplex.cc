// Simplex: stick breaking on a grid of 1e-9.
#include "search/simplex.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pegbox {
namespace {

constexpr std::int64_t kWhole = 1'000'000'000;

std::vector<double> to_weights(const std::vector<std::int64_t>& counts) {
  std::vector<double> weights(counts.size());
  std::transform(counts.begin(), counts.end(), weights.begin(),
                 [](std::int64_t count) { return static_cast<double>(count) / static_cast<double>(kWhole); });
  return weights;
}

std::int64_t to_count(double weight) {
  return std::llround(std::clamp(weight, 0.0, 1.0) * static_cast<double>(kWhole));
}

}  // namespace

std::vector<double> simplex_weights(std::span<const double> at) {
  std::vector<std::int64_t> counts;
  counts.reserve(at.size() + 1);
  std::int64_t left = kWhole;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const double exponent = 1.0 / static_cast<double>(at.size() - i);
    const double kept_fraction = std::pow(std::clamp(at[i], 0.0, 1.0), exponent);
    const std::int64_t kept = std::llround(kept_fraction * static_cast<double>(left));
    counts.push_back(left - kept);
    left = kept;
  }
  counts.push_back(left);
  return to_weights(counts);
}

std::vector<double> simplex_coordinates(std::span<const double> weights) {
  std::vector<double> at(weights.empty() ? 0 : weights.size() - 1, 0.5);
  std::int64_t left = kWhole;
  for (std::size_t i = 0; i < at.size() && left > 0; ++i) {
    const std::int64_t kept = std::max<std::int64_t>(0, left - to_count(weights[i]));
    at[i] = std::pow(static_cast<double>(kept) / static_cast<double>(left), static_cast<double>(at.size() - i));
    left = kept;
  }
  return at;
}

std::vector<double> rounded_simplex_weights(std::span<const double> weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<std::int64_t> counts;
  counts.reserve(weights.size());
  for (const double weight : weights) counts.push_back(to_count(weight / sum));
  // What rounding added or took goes to the largest weight, where it matters least.
  const std::int64_t rest = kWhole - std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  *std::max_element(counts.begin(), counts.end()) += rest;
  return to_weights(counts);
}

}  // namespace pegbox
