// Simplex: exact round trips, sums of 1, and uniform weights from uniform coordinates.
#include "search/simplex.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/rng.h"

namespace pegbox {
namespace {

std::int64_t sum_in_parts(const std::vector<double>& weights) {
  std::int64_t sum = 0;
  for (const double weight : weights) sum += std::llround(weight * 1e9);
  return sum;
}

TEST(Simplex, BringsEveryPointBackToTheLastBit) {
  Rng rng({1, stream_id("simplex")});
  for (std::size_t k = 2; k <= static_cast<std::size_t>(kMaxSimplexComponents); ++k) {
    for (int round = 0; round < 200; ++round) {
      std::vector<double> at(k - 1);
      for (double& u : at) {
        u = rng.uniform();
        if (round % 4 == 1) u = std::pow(u, 60);
        if (round % 4 == 2) u = 1 - std::pow(u, 60);
        if (rng.below(20) == 0) u = static_cast<double>(rng.below(2));
      }
      const auto weights = simplex_weights(at);
      ASSERT_EQ(weights.size(), k);
      ASSERT_EQ(sum_in_parts(weights), 1'000'000'000);
      for (const double weight : weights) ASSERT_TRUE(weight >= 0 && weight <= 1);
      const auto back = simplex_coordinates(weights);
      for (const double u : back) ASSERT_TRUE(u >= 0 && u <= 1);
      ASSERT_EQ(simplex_weights(back), weights) << k << " components";
    }
  }
}

TEST(Simplex, IsUniform) {
  // Dirichlet(1, ..., 1): mean 1/k, variance (k - 1) / (k^2 (k + 1)), for every component alike.
  constexpr int kPoints = 200000;
  for (const std::size_t k : {2, 3, 6}) {
    Rng rng({2, stream_id("simplex"), k});
    std::vector<double> sum(k), squares(k);
    for (int i = 0; i < kPoints; ++i) {
      std::vector<double> at(k - 1);
      for (double& u : at) u = rng.uniform();
      const auto weights = simplex_weights(at);
      for (std::size_t j = 0; j < k; ++j) {
        sum[j] += weights[j];
        squares[j] += weights[j] * weights[j];
      }
    }
    const auto count = static_cast<double>(k);
    const double variance = (count - 1) / (count * count * (count + 1));
    for (std::size_t j = 0; j < k; ++j) {
      const double mean = sum[j] / kPoints;
      EXPECT_NEAR(mean, 1 / count, 5 * std::sqrt(variance / kPoints)) << k << " " << j;
      EXPECT_NEAR(squares[j] / kPoints - mean * mean, variance, 0.02 * variance) << k << " " << j;
    }
  }
}

TEST(Simplex, RoundsWeightsToItsGrid) {
  const auto thirds = rounded_simplex_weights(std::vector<double>{1.0 / 3, 1.0 / 3, 1.0 / 3});
  EXPECT_EQ(sum_in_parts(thirds), 1'000'000'000);
  EXPECT_EQ(simplex_weights(simplex_coordinates(thirds)), thirds);
  EXPECT_EQ(rounded_simplex_weights(std::vector<double>{0.5, 0.25, 0.25}), (std::vector<double>{0.5, 0.25, 0.25}));
  EXPECT_EQ(rounded_simplex_weights(std::vector<double>{0, 1}), (std::vector<double>{0, 1}));
}

}  // namespace
}  // namespace pegbox
