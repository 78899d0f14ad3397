// Operators: their distributions against the published formulas, and what they must not do.
#include "search/samplers/variation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "search/history_for_test.h"
#include "search/samplers/levels.h"

namespace pegbox {
namespace {

constexpr char kMixed[] =
    R"({"space": {"x": {"range": [0, 1]}, "c": {"choice": ["a", "b", "c", "d"]}, "n": {"range": [1, 5], "integer": true}}})";

TEST(Crossover, SpreadsRealGenesAsPublished) {
  const HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}})");
  // Far from the borders: the density of beta is 0.5 (eta + 1) beta^eta below 1, so P(beta < b) = 0.5 b^(eta + 1).
  constexpr double eta = 3;
  Rng rng({1, 0, 0});
  const std::vector<double> first{0.499}, second{0.501};
  std::vector<double> child(1);
  int crossed = 0, contracted = 0, near = 0;
  for (int i = 0; i < 40000; ++i) {
    cross(study.space(), first, second, eta, 0, rng, child);
    if (child[0] == first[0]) continue;
    ++crossed;
    const double beta = std::abs(child[0] - 0.5) / 0.001;
    contracted += beta < 1;
    near += beta < 0.8;
  }
  EXPECT_NEAR(crossed, 20000, 400);
  EXPECT_NEAR(static_cast<double>(contracted) / crossed, 0.5, 0.015);
  EXPECT_NEAR(static_cast<double>(near) / crossed, 0.5 * std::pow(0.8, eta + 1), 0.015);
}

TEST(Crossover, TakesCategoriesFromOneParentAndStaysInTheCube) {
  const HistoryForTest study(kMixed);
  Rng rng({2, 0, 0});
  const std::vector<double> first{0.0, 0.125, 0.1}, second{0.03, 0.875, 0.9};
  std::vector<double> child(3);
  std::set<double> categories;
  for (int i = 0; i < 2000; ++i) {
    cross(study.space(), first, second, 2, 0.5, rng, child);
    categories.insert(child[1]);
    for (const double gene : child) EXPECT_TRUE(gene >= 0 && gene <= 1);
  }
  EXPECT_EQ(categories, (std::set<double>{0.125, 0.875}));
}

TEST(Mutation, SpreadsRealGenesAsPublished) {
  const HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}})");
  // In the middle of [0, 1]: P(|delta| < t) with delta = (2u + (1 - 2u) 0.5^(eta + 1))^(1 / (eta + 1)) - 1.
  constexpr double eta = 20, t = 0.03;
  Rng rng({3, 0, 0});
  int near = 0;
  constexpr int kDraws = 40000;
  for (int i = 0; i < kDraws; ++i) near += std::abs(mutated(study.space(), 0, 0.5, eta, rng) - 0.5) < t;
  const double tail = std::pow(0.5, eta + 1), u = (std::pow(1 - t, eta + 1) - tail) / (2 * (1 - tail));
  EXPECT_NEAR(static_cast<double>(near) / kDraws, 1 - 2 * u, 0.01);
}

TEST(Mutation, ChangesACountedValueByAtLeastOneAndACategoryToAnyOther) {
  const HistoryForTest study(kMixed);
  const Space& space = study.space();
  Rng rng({4, 0, 0});
  std::set<std::int64_t> categories, integers;
  for (int i = 0; i < 400; ++i) {
    categories.insert(level_index(space, 1, mutated(space, 1, level_place(space, 1, 2), 20, rng)));
    integers.insert(level_index(space, 2, mutated(space, 2, level_place(space, 2, 0), 20, rng)));
  }
  EXPECT_EQ(categories, (std::set<std::int64_t>{0, 1, 3}));
  EXPECT_FALSE(integers.contains(0));
  EXPECT_TRUE(integers.contains(1));
}

TEST(Step, MovesAllContinuaOrOneChoiceAndOnlyActiveAxes) {
  const HistoryForTest study(
      R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}, "m": {"choice": ["a", "b"]},
                    "z": {"range": [0, 1], "when": {"m": "b"}}}})");
  Rng rng({5, 0, 0});
  const std::vector<double> at{0.5, 0.01, 0.25, 0.5};
  std::vector<double> neighbour(4);
  int steps = 0;
  for (int i = 0; i < 900; ++i) {
    const bool stepped = step_aside(study.space(), at, 0.1, rng, neighbour);
    steps += stepped;
    EXPECT_EQ(neighbour[0] != at[0], stepped);
    EXPECT_EQ(neighbour[1] != at[1], stepped);
    EXPECT_EQ(neighbour[2] == at[2], stepped);
    EXPECT_EQ(neighbour[3], at[3]) << "switched off at the start";
    EXPECT_TRUE(neighbour[1] >= 0 && neighbour[1] <= 1);
  }
  EXPECT_NEAR(steps, 600, 60) << "two of the three axes that are active";
}

TEST(Breeding, FallsBackToThePriorsWhereNothingNewComesOfTheParents) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}})");
  TakenConfigs taken;
  study.create(Config{{"x", 0.5}});
  taken.update(study.history());
  Rng rng({6, 0, 0});
  const auto twin = [](std::span<double> child) { child[0] = 0.5; };
  const auto bred = breed(study.history(), taken, twin, rng);
  ASSERT_TRUE(bred && *bred);
  EXPECT_TRUE((*bred)->from_prior);
  const auto other = breed(study.history(), taken, [](std::span<double> child) { child[0] = 0.25; }, rng);
  ASSERT_TRUE(other && *other);
  EXPECT_FALSE((*other)->from_prior);
}

TEST(PopulationSize, FollowsTheBudgetUnlessItIsGiven) {
  const HistoryForTest small(R"({"space": {"x": {"range": [0, 1]}}, "budget": {"trials": 300}})"),
      timed(R"({"space": {"x": {"range": [0, 1]}}, "budget": {"time": 60}})");
  EXPECT_EQ(population_size(small.history(), 0, 20, 8, 50), 15);
  EXPECT_EQ(population_size(small.history(), 7, 20, 8, 50), 7);
  EXPECT_EQ(population_size(small.history(), 0, 100, 8, 50), 8);
  EXPECT_EQ(population_size(timed.history(), 0, 20, 8, 50), 50);
}

}  // namespace
}  // namespace pegbox
