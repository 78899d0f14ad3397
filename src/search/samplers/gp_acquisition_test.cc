// The acquisitions of gp: each bears mixed spaces, failures, pending trials, constraints and several objectives.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "math/statistics.h"
#include "search/history_for_test.h"
#include "search/samplers/config_for_test.h"
#include "search/samplers/criterion.h"
#include "search/samplers/spaces_for_test.h"
#include "search/samplers/table.h"
#include "search/samplers/taken_configs.h"

namespace pegbox {
namespace {

struct GpAcquisition : testing::TestWithParam<std::string> {
  static std::string search() { return R"({"name": "gp", "acquisition": ")" + GetParam() + "\"}"; }
  static std::unique_ptr<Sampler> make(const HistoryForTest& study) {
    auto made = make_sampler(study.spec());
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  static Suggestion ask(Sampler& sampler, const HistoryForTest& study, std::uint64_t seed = 3) {
    const auto suggestions = sampler.suggest(study.history(), 1, {seed, 0, study.history().trials.size()});
    EXPECT_TRUE(suggestions) << suggestions.error().message;
    return suggestions->at(0);
  }
};

struct GpAcquisitionQuality : GpAcquisition {};

TEST_P(GpAcquisitionQuality, FindsABowlAmongChoicesAndSaysHow) {
  std::vector<double> regrets;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]},
        "m": {"choice": ["a", "b", "c"]}, "k": {"range": [1, 9], "integer": true, "when": {"m": "b"}}}, "search": )" +
                         search() + "}");
    const auto sampler = make(study);
    double best = HUGE_VAL;
    for (int round = 0; round < 40; ++round) {
      const Suggestion suggestion = ask(*sampler, study, seed);
      const Config& config = suggestion.config;
      const bool right = to_text(*config.find("m")) == "b";
      const double loss = std::pow(number(config, "x") - 0.2, 2) + std::pow(number(config, "y") - 0.9, 2) +
                          (right ? 0.02 * std::abs(number(config, "k") - 6) : 0.3);
      best = std::min(best, loss);
      study.done(suggestion, loss);
      if (round >= 12) {
        EXPECT_EQ(suggestion.reason["acquisition_function"], GetParam());
        EXPECT_TRUE(suggestion.reason["acquisition"].is_number());
      }
    }
    regrets.push_back(best);
  }
  EXPECT_LT(math::median(regrets), 0.01) << "random draws have 0.05 after 40 trials";
}

TEST_P(GpAcquisition, GoesOnInEverySpaceWhateverBecomesOfTrials) {
  for (const SpaceForTest& space : spaces_for_test()) {
    SCOPED_TRACE(space.name);
    Json file = *parse_json(study_of(space), "test");
    file["search"] = *parse_json(search(), "test");
    HistoryForTest study(file.dump());
    const auto sampler = make(study);
    std::set<std::string> seen;
    for (int round = 0; round < std::min(14, space.configurations); ++round) {
      const Suggestion suggestion = ask(*sampler, study);
      EXPECT_TRUE(seen.insert(config_key(suggestion.config)).second) << suggestion.config.to_text();
      const auto violated = study.history().constraints.violated(suggestion.config);
      ASSERT_TRUE(violated);
      EXPECT_FALSE(*violated);
      if (round % 5 == 3)
        study.failed(suggestion, round % 2 ? FailureKind::OutOfMemory : FailureKind::Diverged);
      else if (round % 5 == 4)
        study.start(study.create(suggestion));
      else
        study.done(suggestion, std::sin(3.0 * round));
    }
    if (space.configurations <= 14) continue;
    EXPECT_EQ(ask(*sampler, study).config.to_text(), ask(*make(study), study).config.to_text())
        << "a function of the history";
  }
}

TEST_P(GpAcquisition, KeepsToPriorsFailuresAndConstraintsOnMetrics) {
  // Where x > 0.7 trials fail, where y > 0.5 they break the limit; the prior's place is right.
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1], "prior": {"at": 0.6, "spread": 0.1}},
      "y": {"range": [0, 1]}}, "constraints": ["memory <= 5"], "search": )" +
                       search() + "}");
  const auto sampler = make(study);
  double best = HUGE_VAL;
  int late_failures = 0;
  for (int round = 0; round < 40; ++round) {
    const Suggestion suggestion = ask(*sampler, study);
    const double x = number(suggestion.config, "x"), y = number(suggestion.config, "y");
    if (x > 0.7) {
      late_failures += round >= 20;
      study.failed(suggestion, FailureKind::OutOfMemory);
      continue;
    }
    const double loss = std::pow(x - 0.65, 2) + 0.2 * (1 - y);
    if (y <= 0.5) best = std::min(best, loss);
    study.done(suggestion, {{"loss", loss}, {"memory", 10 * y}});
  }
  EXPECT_LT(best, 0.1 + 0.01);
  EXPECT_LE(late_failures, 6);
}

TEST_P(GpAcquisition, FindsAFrontOfTwoAndTakesFour) {
  for (const int objectives : {2, 4}) {
    std::string list = R"({"minimize": "a"}, {"maximize": "b"})";
    if (objectives == 4) list += R"(, {"minimize": "c"}, {"minimize": "d"})";
    HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}}, "objective": [)" + list +
                         R"(], "search": )" + search() + "}");
    const auto sampler = make(study);
    int on_front = 0;
    for (int round = 0; round < 24; ++round) {
      const Suggestion suggestion = ask(*sampler, study);
      const double x = number(suggestion.config, "x"), off = std::pow(number(suggestion.config, "y") - 0.3, 2);
      on_front += round >= 12 && x > 0.15 && x < 0.85 && off < 0.01;  // 0.14 of the plane
      study.done(suggestion, {{"a", std::pow(x - 0.2, 2) + off},
                              {"b", -std::pow(x - 0.8, 2) - off},
                              {"c", std::pow(x - 0.4, 2) + off},
                              {"d", std::pow(x - 0.6, 2) + off}});
    }
    EXPECT_GE(on_front, 6) << "of 12; at random 2 are to be expected";
  }
}

TEST_P(GpAcquisition, SpreadsPendingTrials) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}}, "search": )" + search() + "}");
  const auto sampler = make(study);
  for (int round = 0; round < 8; ++round) {
    const Suggestion suggestion = ask(*sampler, study);
    study.done(suggestion, std::sin(7 * number(suggestion.config, "x")) + number(suggestion.config, "y"));
  }
  std::vector<double> pending;
  for (int i = 0; i < 5; ++i) {
    const Suggestion suggestion = ask(*sampler, study);
    pending.push_back(number(suggestion.config, "x") + number(suggestion.config, "y"));
    study.start(study.create(suggestion));
  }
  EXPECT_GT(std::ranges::max(pending) - std::ranges::min(pending), 0.02);
}

const auto kAcquisitions = testing::Values("improvement", "confidence", "thompson");
INSTANTIATE_TEST_SUITE_P(Acquisitions, GpAcquisition, kAcquisitions, [](const auto& each) { return each.param; });
INSTANTIATE_TEST_SUITE_P(Acquisitions, GpAcquisitionQuality, kAcquisitions,
                         [](const auto& each) { return each.param; });

TEST(Criterion, IsReadByItsName) {
  const auto names = criterion_names();
  ASSERT_EQ(names.size(), 3u);
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(criterion_kind(names[i]), static_cast<CriterionKind>(i)) << names[i];
  const HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "search": {"name": "gp", "acquisition": "luck"}})");
  const auto made = make_sampler(study.spec());
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("thompson"), std::string::npos) << made.error().message;
}

TEST(Criterion, LooksBetaStandardDeviationsBelowTheMean) {
  const math::PredictionGradient prediction{{3, 4}, {1, -1}, {2, 0.5}};
  const math::PredictionGradient low = optimistic(prediction, 1.5, 0.01);
  EXPECT_DOUBLE_EQ(low.prediction.mean, 3 - 1.5 * 2);
  EXPECT_DOUBLE_EQ(low.prediction.variance, 1e-4);
  for (std::size_t j = 0; j < 2; ++j) {
    const auto at = [&](double step) {
      return optimistic(
                 math::Prediction{3 + step * prediction.mean_gradient[j], 4 + step * prediction.variance_gradient[j]},
                 1.5, 0.01)
          .mean;
    };
    EXPECT_NEAR(low.mean_gradient[j], (at(1e-6) - at(-1e-6)) / 2e-6, 1e-6);
    EXPECT_EQ(low.variance_gradient[j], 0);
  }
}

/// Asks next to what is known and far from it, with a loss that is lowest at 0.
double asked_with_beta(double beta) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "search": {"name": "gp", "acquisition": "confidence",
                          "prior_weight": 0, "beta": )" +
                       std::to_string(beta) + "}}");
  for (const double x : {0.0, 0.05, 0.1, 0.15, 0.2, 0.25})
    study.done(Config{{"x", x}}, std::pow(x - 0.07, 2) + 0.3 * x);
  const auto sampler = std::move(*make_sampler(study.spec()));
  return number(sampler->suggest(study.history(), 1, {1, 0, 6})->at(0).config, "x");
}

TEST(Criterion, ExploresMoreWithALargerBeta) {
  EXPECT_LT(asked_with_beta(0), 0.3);
  EXPECT_GT(asked_with_beta(100), 0.6);
}

}  // namespace
}  // namespace pegbox
