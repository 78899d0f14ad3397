// The operators of differential evolution, and SHADE's memory against its formulas carried out by hand.
#include "search/samplers/differential.h"

#include <gtest/gtest.h>

#include "math/statistics.h"
#include "search/history_for_test.h"

namespace pegbox {
namespace {

TEST(Differential, AddsDifferencesAndHalvesTheWayToABorder) {
  const HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}, "z": {"range": [0, 1]}}})");
  Rng rng({1, 0, 0});
  std::vector<double> mutant(3);
  differential_mutant(study.space(), std::vector{0.5, 0.2, 0.9}, std::vector{0.7, 0.2, 0.9}, std::vector{0.4, 0.1, 0.9},
                      std::vector{0.2, 0.9, 0.1}, 0.5, rng, mutant);
  EXPECT_DOUBLE_EQ(mutant[0], 0.5 + 0.5 * 0.2 + 0.5 * 0.2);
  EXPECT_DOUBLE_EQ(mutant[1], 0.1) << "0.2 - 0.4 is below 0";
  EXPECT_DOUBLE_EQ(mutant[2], 0.95) << "0.9 + 0.4 is above 1";
}

TEST(Differential, GivesCategoriesTheGeneOfAParent) {
  const HistoryForTest study(R"({"space": {"c": {"choice": ["a", "b", "c", "d"]}}})");
  Rng rng({2, 0, 0});
  int best = 0, first = 0, target = 0;
  for (int i = 0; i < 4000; ++i) {
    std::vector<double> mutant(1);
    differential_mutant(study.space(), std::vector{0.125}, std::vector{0.375}, std::vector{0.625}, std::vector{0.875},
                        0.5, rng, mutant);
    best += mutant[0] == 0.375, first += mutant[0] == 0.625, target += mutant[0] == 0.125;
  }
  EXPECT_EQ(best + first + target, 4000);
  EXPECT_NEAR(best, 2000, 150);
  EXPECT_NEAR(first, 1000, 150);
}

TEST(Differential, CrossesAtTheRateAndTakesOneGeneForCertain) {
  Rng rng({3, 0, 0});
  const std::vector<double> target(10, 0.0);
  double taken = 0;
  for (int i = 0; i < 2000; ++i) {
    std::vector<double> child(10, 1.0);
    binomial_crossover(target, 0.3, rng, child);
    const auto count = std::ranges::count(child, 1.0);
    EXPECT_GE(count, 1);
    taken += static_cast<double>(count);
  }
  EXPECT_NEAR(taken / 2000, 1 + 9 * 0.3, 0.1);
}

TEST(SuccessHistory, RemembersWeightedMeansOfWhatWorked) {
  SuccessHistory memory;
  memory.end_generation();
  EXPECT_EQ(memory.scales()[0], 0.5) << "nothing worked: nothing is forgotten";
  memory.succeed({0.2, 0.1}, 3);
  memory.succeed({0.6, 0.9}, 1);
  memory.end_generation();
  EXPECT_DOUBLE_EQ(memory.crossovers()[0], 0.75 * 0.1 + 0.25 * 0.9);
  EXPECT_DOUBLE_EQ(memory.scales()[0], (0.75 * 0.04 + 0.25 * 0.36) / (0.75 * 0.2 + 0.25 * 0.6));
  EXPECT_EQ(memory.scales()[1], 0.5);
  for (std::size_t i = 0; i < SuccessHistory::kEntries; ++i) memory.succeed({0.9, 0.9}, 1), memory.end_generation();
  EXPECT_DOUBLE_EQ(memory.scales()[0], 0.9) << "the oldest entry is written over";
}

TEST(SuccessHistory, DrawsAroundItsEntries) {
  SuccessHistory memory;
  for (std::size_t i = 0; i < SuccessHistory::kEntries; ++i) memory.succeed({0.7, 0.2}, 1), memory.end_generation();
  Rng rng({4, 0, 0});
  std::vector<double> scales, crossovers;
  for (int i = 0; i < 4000; ++i) {
    const auto drawn = memory.draw(rng);
    EXPECT_TRUE(drawn.scale > 0 && drawn.scale <= 1 && drawn.crossover >= 0 && drawn.crossover <= 1);
    scales.push_back(drawn.scale), crossovers.push_back(drawn.crossover);
  }
  EXPECT_NEAR(math::median(scales), 0.7, 0.01);
  EXPECT_NEAR(math::median(crossovers), 0.2, 0.01);
  EXPECT_NEAR(math::quantile(scales, 0.25), 0.6, 0.02) << "a quarter of a Cauchy distribution is below center - scale";
}

}  // namespace
}  // namespace pegbox
