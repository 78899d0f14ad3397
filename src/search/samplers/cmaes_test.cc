// The evolution strategy as a search over a study's space and log.
#include "search/samplers/cmaes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "math/statistics.h"
#include "search/history_for_test.h"
#include "search/samplers/config_for_test.h"

namespace pegbox {
namespace {

struct CmaesTest : testing::Test {
  static std::unique_ptr<Sampler> make(const HistoryForTest& study, const std::string& name = "cmaes",
                                       Json options = Json::object()) {
    StudySpec spec = study.spec();
    spec.search.name = name;
    spec.search.options = std::move(options);
    return std::move(*make_sampler(spec));
  }
  static Suggestion ask(Sampler& sampler, const HistoryForTest& study, std::uint64_t seed = 1) {
    auto suggestions = sampler.suggest(study.history(), 1, {seed, 0, study.history().trials.size()});
    EXPECT_TRUE(suggestions) << suggestions.error().message;
    return suggestions->at(0);
  }
  /// The median over seeds of the best loss.
  static double best(const char* file, const std::string& search, int trials,
                     const std::function<double(const Config&)>& loss) {
    std::vector<double> bests;
    for (std::uint64_t seed = 0; seed < 7; ++seed) {
      HistoryForTest study(file);
      const auto sampler = make(study, search);
      double lowest = HUGE_VAL;
      for (int trial = 0; trial < trials; ++trial) {
        const Suggestion suggestion = ask(*sampler, study, seed);
        study.done(suggestion, loss(suggestion.config));
        lowest = std::min(lowest, loss(suggestion.config));
      }
      bests.push_back(lowest);
    }
    return math::median(bests);
  }
};

TEST_F(CmaesTest, ReachesTheMinimumOfABowlOverNumbersIntegersAndChoices) {
  const char* const file =
      R"({"space": {"x": {"range": [-4, 4]}, "y": {"range": [-4, 4]}, "n": {"range": [0, 20], "integer": true},
                                         "m": {"choice": ["a", "b", "c"]}, "flag": {"choice": [true, false], "ordered": true}}})";
  const auto loss = [](const Config& config) {
    const double x = number(config, "x") - 1, y = number(config, "y") - x - 2, n = number(config, "n") - 17;
    return x * x + 10 * y * y + n * n / 10 + (to_text(*config.find("m")) == "c" ? 0 : 1) +
           as_number(*config.find("flag"));
  };
  EXPECT_LT(best(file, "cmaes", 300, loss), 0.01);
  EXPECT_GT(best(file, "random", 300, loss), 0.3);
}

TEST_F(CmaesTest, FindsTheBestBranchAndItsSettings) {
  const char* const file =
      R"({"space": {"method": {"choice": ["full", "lora"]}, "lr": {"range": [1e-6, 1], "scale": "log"},
      "rank": {"choice": [1, 2, 4, 8, 16, 32, 64, 128], "ordered": true, "when": {"method": "lora"}},
      "dropout": {"range": [0, 0.5], "when": {"method": "lora"}}}})";
  const auto loss = [](const Config& config) {
    const double decade = std::log10(number(config, "lr"));
    if (to_text(*config.find("method")) == "full") return 0.5 + std::pow(decade + 4, 2);
    return std::pow(decade + 3.5, 2) + 0.15 * std::pow(std::log2(number(config, "rank")) - 4, 2) +
           std::abs(number(config, "dropout") - 0.1);
  };
  EXPECT_LT(best(file, "cmaes", 200, loss), 0.1);
}

TEST_F(CmaesTest, CountsGenerationsInItsReasonsAndNamesWhoMadeThem) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}, "n": {"range": [1, 9], "integer": true}}})");
  const auto sampler = make(study, "cmaes", {{"population", 5}});
  for (int trial = 0; trial < 6; ++trial) {
    const Suggestion suggestion = ask(*sampler, study);
    EXPECT_EQ(suggestion.reason["by"], "cmaes");
    EXPECT_EQ(suggestion.reason["restart"], 0);
    EXPECT_EQ(suggestion.reason["generation"], trial < 5 ? 0 : 1);
    EXPECT_EQ(suggestion.reason["latent"].size(), 1u) << "the integer's place";
    EXPECT_EQ(suggestion.reason.contains("after"), trial == 5);
    study.done(suggestion, -trial);
  }
  EXPECT_EQ(study.history().trials[5].reason["after"], (Json{4, 3, 2, 1, 0})) << "the best first";
}

TEST_F(CmaesTest, GoesOnSamplingAGenerationWhileResultsAreOut) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}}})");
  const auto sampler = make(study, "cmaes", {{"population", 4}});
  for (int trial = 0; trial < 9; ++trial) {
    const Suggestion suggestion = ask(*sampler, study);
    EXPECT_EQ(suggestion.reason["generation"], 0);
    study.start(study.create(suggestion));
  }
  for (const std::int64_t trial : {8, 2, 5, 7}) {
    study.report(trial, 1, static_cast<double>(trial));
    study.move(trial, TrialState::Done);
  }
  const Suggestion next = ask(*sampler, study);
  EXPECT_EQ(next.reason["generation"], 1);
  EXPECT_EQ(next.reason["after"], (Json{2, 5, 7, 8}));
  study.start(study.create(next));
  study.report(0, 1, -5.0);  // a late result of the generation before
  study.move(0, TrialState::Done);
  const Suggestion same = ask(*sampler, study), fresh = ask(*make(study, "cmaes", {{"population", 4}}), study);
  EXPECT_EQ(same.reason["after"], (Json{2, 5, 7, 8}));
  EXPECT_TRUE(same.config == fresh.config);
  EXPECT_EQ(same.reason, fresh.reason);
}

TEST_F(CmaesTest, RanksFailedTrialsBehindAllOthers) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}}, "constraints": ["memory < 5"]})");
  const auto sampler = make(study, "cmaes", {{"population", 5}});
  study.failed(ask(*sampler, study), FailureKind::OutOfMemory);
  study.failed(ask(*sampler, study), FailureKind::Diverged);
  study.done(ask(*sampler, study), Metrics{{"loss", 1}, {"memory", 9}});
  study.done(ask(*sampler, study), Metrics{{"loss", 7}, {"memory", 1}});
  study.done(ask(*sampler, study), Metrics{{"loss", 3}, {"memory", 1}});
  EXPECT_EQ(ask(*sampler, study).reason["after"], (Json{4, 3, 2, 1, 0}));
}

TEST_F(CmaesTest, StartsAtTheBestTrialOfOthersAndElseAtThePrior) {
  const char* const file = R"({"space": {"x": {"range": [0, 1]}, "lr": {"range": [1e-6, 1], "scale": "log",
                                        "prior": {"at": 1e-2, "spread": 2}}, "m": {"choice": ["a", "b"]}}})";
  const auto middle = [&](const HistoryForTest& study, const char* name) {
    std::vector<double> values;
    const auto sampler = make(study);
    for (std::uint64_t seed = 0; seed < 41; ++seed) values.push_back(number(ask(*sampler, study, seed).config, name));
    return math::median(values);
  };
  HistoryForTest study(file);
  EXPECT_NEAR(std::log10(middle(study, "lr")), -2, 0.15);
  EXPECT_NEAR(middle(study, "x"), 0.5, 0.1);
  study.done(Config{{"x", 0.2}, {"lr", 1e-4}, {"m", std::string("a")}}, 1);
  study.done(Config{{"x", 0.9}, {"lr", 1e-1}, {"m", std::string("a")}}, 2);
  EXPECT_NEAR(middle(study, "x"), 0.25, 0.12);
  EXPECT_NEAR(std::log10(middle(study, "lr")), -4, 0.15);
  EXPECT_EQ(ask(*make(study), study).reason["from"], 0);
}

TEST_F(CmaesTest, StartsAnewElsewhereWithTwiceThePopulationWhenItHasConverged) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}}})");
  const auto sampler = make(study, "cmaes", {{"population", 4}});
  int first = 0, second = 0;
  for (int trial = 0; trial < 900 && second < 9; ++trial) {
    const Suggestion suggestion = ask(*sampler, study);
    const double x = number(suggestion.config, "x") - 0.3, y = number(suggestion.config, "y") - 0.6;
    study.done(suggestion, x * x + y * y);
    (suggestion.reason["restart"] == 0 ? first : second) += 1;
    if (second == 9) {
      EXPECT_EQ(suggestion.reason["generation"], 1) << "eight trials in the first generation";
    }
  }
  EXPECT_GT(first, 40);
  EXPECT_EQ(second, 9);
  EXPECT_EQ(ask(*make(study, "cmaes", {{"population", 4}}), study).reason, ask(*sampler, study).reason);
}

}  // namespace
}  // namespace pegbox
