// Losses as targets of a model.
#include "search/samplers/rank_warp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"

namespace pegbox {
namespace {

using testing::DoubleNear;
using testing::Each;
using testing::ElementsAre;
using testing::Pointwise;

TEST(RankWarp, LeavesTheBetterTwoThirdsAsTheyAre) {
  const std::vector<double> losses{7, 3, 1, 9, 5, 4};
  const auto targets = rank_warp(losses);
  for (const std::size_t i : {1, 2, 4, 5}) EXPECT_EQ(targets[i], losses[i]);
  // The limit is 5 (place 4 of 6), the spread root((16 + 4 + 1 + 0) / 4); 7 and 9 are ranks 1 and 2 of 2 behind it.
  const double spread = std::sqrt(21.0 / 4);
  EXPECT_NEAR(targets[0], 5 + spread * normal_quantile(0.5 + 0.5 * 0.25), 1e-12);
  EXPECT_NEAR(targets[3], 5 + spread * normal_quantile(0.5 + 0.5 * 0.75), 1e-12);
}

TEST(RankWarp, KeepsTheOrderAndEqualLossesEqual) {
  Rng rng({1, 2, 3});
  for (int round = 0; round < 200; ++round) {
    std::vector<double> losses;
    const std::uint64_t n = 1 + rng.below(30);
    for (std::uint64_t i = 0; i < n; ++i)
      losses.push_back(rng.below(5) == 0 ? std::floor(3 * rng.uniform()) : std::exp(20 * rng.normal()));
    if (rng.below(2)) losses.push_back(HUGE_VAL);
    const auto targets = rank_warp(losses);
    for (std::size_t i = 0; i < losses.size(); ++i)
      for (std::size_t j = 0; j < losses.size(); ++j) {
        ASSERT_TRUE(std::isfinite(targets[i]));
        ASSERT_EQ(losses[i] < losses[j], targets[i] < targets[j]) << losses[i] << " and " << losses[j];
      }
  }
}

TEST(RankWarp, LetsDivergedRunsDrownNothing) {
  std::vector<double> losses{2.9, 2.95, 3.0, 3.05, 3.1, 3.2, 3.3};
  losses.insert(losses.end(), {1e9, HUGE_VAL, std::nan("")});
  const auto targets = rank_warp(losses);
  EXPECT_LT(targets[7], 4);
  EXPECT_EQ(targets[8], targets[9]) << "not a number is as bad as infinite";
  EXPECT_GT(targets[8], targets[7]);
  EXPECT_LT(targets[8], 4);
}

TEST(RankWarp, WorksWhereMostRunsDiverged) {
  std::vector<double> losses(20, HUGE_VAL);
  losses[3] = 2, losses[7] = 3;
  const auto targets = rank_warp(losses);
  EXPECT_EQ(targets[3], 2);
  EXPECT_EQ(targets[7], 3);
  for (const std::size_t i : {0u, 5u, 19u}) EXPECT_GT(targets[i], 3);
}

TEST(RankWarp, WorksWhereLossesAreEqualOrSingle) {
  EXPECT_THAT(rank_warp(std::vector<double>{4}), ElementsAre(4));
  EXPECT_THAT(rank_warp(std::vector<double>(9, 1.5)), Each(1.5));
  const auto two = rank_warp(std::vector<double>{0, HUGE_VAL});
  EXPECT_EQ(two[0], 0);
  EXPECT_GT(two[1], 0);
}

TEST(RankWarp, DoesNotDependOnUnits) {
  const std::vector<double> losses{7, 3, 1, 9, 5, 4, 100};
  std::vector<double> scaled, expected;
  for (const double loss : losses) scaled.push_back(1000 * loss - 50);
  for (const double target : rank_warp(losses)) expected.push_back(1000 * target - 50);
  EXPECT_THAT(rank_warp(scaled), Pointwise(DoubleNear(1e-9), expected));
}

}  // namespace
}  // namespace pegbox
