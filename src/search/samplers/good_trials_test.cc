// Which trials are the ones to be like, and how much each counts.
#include "search/samplers/good_trials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace pegbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<Measured> measured(const std::vector<std::vector<double>>& losses) {
  std::vector<Measured> all;
  for (const auto& each : losses) all.push_back({std::ssize(all), each, true});
  return all;
}

TEST(GoodTrials, AreThoseWithTheLowestLossesWeightedByWhatTheyAreBetter) {
  const GoodTrials good = choose_good(measured({{5}, {1}, {3}, {9}, {2}}), 3);
  EXPECT_THAT(good.places, ElementsAre(1, 4, 2));
  // Better than the fourth, 5, by 4, 3 and 2; a tenth of the weight is equal for all.
  EXPECT_NEAR(good.weights[0], 0.1 + 0.9 * 4 / 3, 1e-12);
  EXPECT_NEAR(good.weights[1], 0.1 + 0.9 * 3 / 3, 1e-12);
  EXPECT_NEAR(good.weights[2], 0.1 + 0.9 * 2 / 3, 1e-12);
}

TEST(GoodTrials, TakeTheEarlierOfEqualOnesAndWeighThemAlike) {
  const GoodTrials good = choose_good(measured({{2}, {2}, {2}, {2}}), 2);
  EXPECT_THAT(good.places, ElementsAre(0, 1));
  EXPECT_THAT(good.weights, ElementsAre(1, 1));
}

TEST(GoodTrials, NeverIncludeDivergedOnesNorThoseThatBreakAConstraint) {
  auto all = measured({{HUGE_VAL}, {1}, {3}, {2}});
  all[1].allowed = false;
  EXPECT_THAT(choose_good(all, 3).places, ElementsAre(3, 2));
  EXPECT_THAT(choose_good(measured({{HUGE_VAL}}), 3).places, IsEmpty());
  EXPECT_THAT(choose_good({}, 3).places, IsEmpty());
}

TEST(GoodTrials, AreTheFirstFrontsWhereThereAreSeveralObjectives) {
  // Front 0: (0, 10), (5, 5), (10, 0); front 1: (6, 6); the last is dominated by all but the ends.
  const auto all = measured({{0, 10}, {6, 6}, {5, 5}, {10, 0}, {9, 9}});
  EXPECT_THAT(choose_good(all, 4).places, UnorderedElementsAre(0, 1, 2, 3));
  EXPECT_THAT(choose_good(all, 3).places, UnorderedElementsAre(0, 2, 3));
}

TEST(GoodTrials, TakeOfAFrontThatDoesNotFitWhatAddsMostToTheHypervolume) {
  // (4.9, 5) is close to (5, 4.9): after one of them the ends add more than the other.
  const auto all = measured({{0, 10}, {4.9, 5}, {5, 4.9}, {10, 0}});
  const auto places = choose_good(all, 3).places;
  EXPECT_THAT(places, testing::Contains(0u));
  EXPECT_THAT(places, testing::Contains(3u));
}

TEST(GoodTrials, WeighAFrontByWhatEachAddsToIt) {
  const GoodTrials good = choose_good(measured({{0, 1}, {0.5, 0.5}, {0.52, 0.49}, {1, 0}}), 4);
  double of_close = 0, of_end = 0;
  for (std::size_t i = 0; i < 4; ++i) (good.places[i] == 2 ? of_close : of_end) = good.weights[i];
  EXPECT_LT(of_close, of_end);
}

TEST(GoodTrials, KeepTheBestOfEachBranch) {
  const auto all = measured({{1}, {2}, {9}, {7}, {HUGE_VAL}, {8}});
  const std::vector<float> branches{0, 0, 1, 1, 2, -1};
  GoodTrials good = choose_good(all, 2);
  keep_best_of_each(all, [&](std::int64_t trial) { return branches[static_cast<std::size_t>(trial)]; }, good);
  EXPECT_THAT(good.places, ElementsAre(0, 1, 3)) << "nothing good is known of the third, and the last has none";
  EXPECT_EQ(good.weights.back(), 1);
}

}  // namespace
}  // namespace pegbox
