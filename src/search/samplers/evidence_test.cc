// Several objectives as one, and which trials the models see.
#include "search/samplers/evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "search/history_for_test.h"

namespace pegbox {
namespace {

using testing::ElementsAre;

std::vector<Measured> losses(std::initializer_list<std::vector<double>> rows) {
  std::vector<Measured> measured;
  for (const auto& row : rows) measured.push_back({std::ssize(measured), row, true});
  return measured;
}

TEST(Evidence, WeighsOneObjectiveWithOne) { EXPECT_THAT(draw_weights(1, {1, 2, 3}), ElementsAre(1)); }

TEST(Evidence, DrawsWeightsUniformlyOverTheSimplexByTheKey) {
  double sum_of_first = 0;
  for (std::uint64_t trial = 0; trial < 500; ++trial) {
    const auto weights = draw_weights(3, {1, 2, trial});
    EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1, 1e-12);
    EXPECT_EQ(weights, draw_weights(3, {1, 2, trial}));
    sum_of_first += weights[0];
  }
  EXPECT_NEAR(sum_of_first / 500, 1.0 / 3, 0.05);
}

TEST(Evidence, ScalarizesByAugmentedChebyshev) {
  const auto measured = losses({{0, 10}, {4, 20}, {2, 30}, {HUGE_VAL, 10}});
  const std::vector<double> weights{0.25, 0.75};
  const auto scalars = scalarize(measured, weights);
  EXPECT_DOUBLE_EQ(scalars[0], 0);
  EXPECT_DOUBLE_EQ(scalars[1], 0.375 + 0.05 * (0.25 + 0.375));  // scaled: 1 and 0.5
  EXPECT_DOUBLE_EQ(scalars[2], 0.75 + 0.05 * (0.125 + 0.75));   // scaled: 0.5 and 1
  EXPECT_EQ(scalars[3], HUGE_VAL);
}

TEST(Evidence, BearsObjectivesThatAreConstant) {
  for (const double scalar : scalarize(losses({{1, 5}, {1, 5}}), std::vector<double>{0.5, 0.5})) EXPECT_EQ(scalar, 0);
}

TEST(Evidence, EncodesChoicesAsCategoriesAndInactiveOnesAsSuch) {
  HistoryForTest study(R"({"space": {"m": {"choice": ["a", "b", "c"]}, "x": {"range": [0, 4], "when": {"m": "b"}},
                           "r": {"choice": [1, 2], "ordered": true}}})");
  study.done(Config{{"m", std::string("b")}, {"x", 1.0}, {"r", std::int64_t{2}}}, 5);
  study.failed({Config{{"m", std::string("c")}, {"r", std::int64_t{1}}}, {}});
  const auto evidence =
      make_evidence(study.history(), observe(study.history(), study.history().trials), std::vector<double>{1.0});
  EXPECT_THAT(evidence.points, ElementsAre(1, 0.25, 0.75));
  EXPECT_THAT(evidence.targets, ElementsAre(ElementsAre(5)));
  ASSERT_EQ(evidence.failed.size(), 3u);
  EXPECT_EQ(evidence.failed[0], 2);
  EXPECT_TRUE(std::isnan(evidence.failed[1]));
  EXPECT_TRUE(evidence == evidence) << "inactive coordinates are equal";
}

TEST(Evidence, KeepsObjectivesApartWhereThereAreNoWeights) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "objective": [{"minimize": "a"}, {"maximize": "b"}]})");
  for (const double x : {0.0, 0.5, 1.0}) study.done({Config{{"x", x}}, {}}, {{"a", x}, {"b", 3 * x}});
  const auto observations = observe(study.history(), study.history().trials);
  const auto apart = make_evidence(study.history(), observations, {});
  ASSERT_EQ(apart.targets.size(), 2u);
  EXPECT_LT(apart.targets[0][0], apart.targets[0][2]);
  EXPECT_GT(apart.targets[1][0], apart.targets[1][2]) << "b is to be maximized";
  EXPECT_EQ(make_evidence(study.history(), observations, std::vector<double>{0.5, 0.5}).targets.size(), 1u);
}

TEST(Evidence, KeepsTheBestAndTheLatestOfVeryManyTrials) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}})");
  const int n = static_cast<int>(kMaxEvidence) + 200;
  for (int i = 0; i < n; ++i) study.done(Config{{"x", i / 1000.0}}, (i * 37) % n);
  const auto evidence =
      make_evidence(study.history(), observe(study.history(), study.history().trials), std::vector<double>{1.0});
  EXPECT_EQ(evidence.trials.size(), kMaxEvidence);
  EXPECT_EQ(evidence.targets.at(0).size(), kMaxEvidence);
  const auto has = [&](std::int64_t trial) {
    return std::ranges::find(evidence.trials, trial) != evidence.trials.end();
  };
  for (int i = 0; i < n; ++i) {
    const bool is_best = (i * 37) % n < static_cast<int>(kMaxEvidence) / 2, is_late = i >= n - 100;
    EXPECT_TRUE(has(i) || !(is_best || is_late)) << i;
  }
}

}  // namespace
}  // namespace pegbox
