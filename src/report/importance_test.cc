// Importance: the hyperparameters that decide are found, by both methods, and what is said of them is true.
#include "report/importance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "search/history_for_test.h"

namespace pegbox {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr char kSpace[] = R"({"space": {
    "rate": {"range": [1e-5, 1e-1], "scale": "log"},
    "rank": {"choice": [4, 8, 16, 32, 64], "ordered": true, "when": {"method": "lora"}},
    "method": {"choice": ["lora", "full"]},
    "idle": {"range": [0, 1]},
    "same": {"value": 3},
    "mix": {"simplex": ["a", "b", "c"]}}})";

/// The rate decides most, by its logarithm; rank 4 is bad, the others are alike; and mixing too much of `b` is bad.
double loss_of_config(const Config& config) {
  const double rate = std::log10(as_number(*config.find("rate"))) + 3;
  const Value* rank = config.find("rank");
  return rate * rate + (rank != nullptr && as_number(*rank) < 5 ? 2 : 0) + as_number(*config.find("mix.b"));
}

HistoryForTest searched(int trials) {
  HistoryForTest study(kSpace);
  Rng rng({.seed = 7});
  for (int i = 0; i < trials; ++i) {
    std::vector<double> at;
    for (int j = 0; j < study.space().dimensions(); ++j) at.push_back(rng.uniform());
    const Config config = study.space().from_unit(at);
    const double loss = loss_of_config(config);
    study.done({config, {}}, {{"loss", loss}, {"speed", as_number(*config.find("idle"))}, {"flat", 1}});
  }
  return study;
}

MetricValues values_of(const HistoryForTest& study, const std::string& metric) {
  for (MetricValues& each : metric_values(study.history()))
    if (each.metric == metric) return std::move(each);
  ADD_FAILURE() << metric;
  return {};
}

MetricImportance found_by(const HistoryForTest& study, ImportanceMethod method, const std::string& metric = "loss") {
  const auto found = importance_of(study.history(), values_of(study, metric), {.method = method});
  EXPECT_TRUE(found) << found.error().message;
  return *found;
}

TEST(Importance, ByFanovaIsWhatTheFunctionHas) {
  const HistoryForTest study = searched(600);
  const MetricImportance found = found_by(study, ImportanceMethod::Fanova);
  EXPECT_EQ(found.trials, 600);
  ASSERT_EQ(found.parameters.size(), 5u) << "what is fixed cannot matter";
  EXPECT_EQ(found.parameters[0].parameter, "rate");
  // (u - 2)^2 with u uniform in [0, 4]: 64 / 45; 2 in a tenth of the space: 4 * 0.1 * 0.9; b of a uniform simplex: 1
  // / 18.
  const double rate = 64.0 / 45, total = rate + 0.36 + 1.0 / 18;
  EXPECT_NEAR(found.parameters[0].share, rate / total, 0.07);
  EXPECT_LT(found.parameters[0].interval.low, found.parameters[0].share);
  EXPECT_LT(std::ranges::find(found.parameters, "idle", &ParameterImportance::parameter)->share, 0.01);
  EXPECT_EQ(found.interactions.size(), 10u);
  EXPECT_THAT(found.interactions[0].first + found.interactions[0].second, HasSubstr("rank"))
      << "rank exists with one method only";
}

TEST(Importance, SaysInWordsWhereAHyperparameterDoesNotMatter) {
  const HistoryForTest study = searched(600);
  const MetricImportance found = found_by(study, ImportanceMethod::Fanova);
  const auto words = in_words(found);
  EXPECT_THAT(words[0], testing::AllOf(HasSubstr("rate explains "), HasSubstr(" %) of loss; best at "),
                                       HasSubstr(" and hardly matters between ")));
  EXPECT_THAT(words, Contains(HasSubstr("hardly matters between 8 and 64")));
  EXPECT_THAT(words, Contains(HasSubstr("idle hardly matters")));
}

TEST(Importance, ByPedAnovaPutsTheSameOneFirst) {
  const MetricImportance found = found_by(searched(300), ImportanceMethod::PedAnova);
  EXPECT_EQ(found.parameters[0].parameter, "rate");
  double sum = 0;
  for (const ParameterImportance& each : found.parameters) {
    sum += each.share;
    EXPECT_LE(each.interval.low, each.share);
    EXPECT_LE(each.interval.low, each.interval.high);
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_TRUE(found.interactions.empty());
}

TEST(Importance, OfAnotherMetricIsAnother) {
  EXPECT_EQ(found_by(searched(100), ImportanceMethod::Fanova, "speed").parameters[0].parameter, "idle");
  EXPECT_EQ(found_by(searched(100), ImportanceMethod::PedAnova, "speed").parameters[0].parameter, "idle");
}

TEST(Importance, OptunasCoordinatesWeighNumbersByTheirValue) {
  const HistoryForTest study = searched(600);
  const auto found = *importance_of(study.history(), values_of(study, "loss"), {.coordinates = Coordinates::Optuna});
  ASSERT_EQ(found.parameters.size(), 3u) << "neither conditional ones nor mixtures";
  const auto rate = std::ranges::find(found.parameters, "rate", &ParameterImportance::parameter);
  const auto by_log = found_by(study, ImportanceMethod::Fanova).parameters[0];
  EXPECT_GT(std::abs(rate->share - by_log.share), 0.05) << "nine tenths of the values are above 0.01";
}

TEST(Importance, SaysWhyThereIsNone) {
  const HistoryForTest study = searched(10);
  const auto error_of = [&](const HistoryForTest& of, const std::string& metric) {
    const auto found = importance_of(of.history(), values_of(of, metric), {});
    return found ? "" : found.error().message;
  };
  EXPECT_THAT(error_of(study, "flat"), HasSubstr("all trials have the same value"));
  EXPECT_THAT(error_of(searched(3), "loss"), HasSubstr("too few trials to say what matters; got 3"));
  HistoryForTest fixed(R"({"space": {"x": {"value": 1}}})");
  for (int i = 0; i < 5; ++i) fixed.done(Config{{"x", std::int64_t{1}}}, i);
  EXPECT_THAT(error_of(fixed, "loss"), HasSubstr("nothing can matter"));
}

TEST(MetricValues, AreTheObjectivesAndThenTheOthers) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "objective": {"maximize": "speed"}})");
  study.done(Suggestion{Config{{"x", 0.5}}, {}}, {{"speed", 2}, {"loss", 1}, {"bad", INFINITY}});
  study.failed({Config{{"x", 0.7}}, {}});
  const auto metrics = metric_values(study.history());
  ASSERT_EQ(metrics.size(), 2u);
  EXPECT_EQ(metrics[0].metric, "speed");
  EXPECT_FALSE(metrics[0].minimize);
  EXPECT_EQ(metrics[1].metric, "loss");
  EXPECT_EQ(metrics[1].values.size(), 1u);
}

TEST(MetricValues, AreTakenAtACommonStepWhereARuleStopsMostTrials) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}})");
  for (int i = 0; i < 6; ++i) {
    const std::int64_t trial = study.create(Config{{"x", 0.1 * i}});
    study.start(trial);
    for (int step = 1; step <= 1 + i; ++step) study.report(trial, step, {{"loss", 10.0 * i + step}});
    study.move(trial, i == 5 ? TrialState::Done : TrialState::Stopped);
  }
  const MetricValues values = values_of(study, "loss");
  EXPECT_EQ(values.step, 4);
  EXPECT_THAT(values.values, testing::ElementsAre(std::pair(std::int64_t{3}, 34.0), std::pair(std::int64_t{4}, 44.0),
                                                  std::pair(std::int64_t{5}, 54.0)));
}

}  // namespace
}  // namespace pegbox
