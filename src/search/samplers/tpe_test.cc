// The tree-structured Parzen estimator on functions whose minimum is known, and what it makes of what goes wrong.
#include "search/samplers/tpe.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "math/statistics.h"
#include "search/history_for_test.h"
#include "search/samplers/config_for_test.h"

namespace pegbox {
namespace {

/// Runs a study of the strategy; `loss` gives what a trial reports.
HistoryForTest run(const std::string& file, const std::string& search, std::uint64_t seed, int trials,
                   const std::function<Metrics(const Config&)>& metrics) {
  HistoryForTest study(file);
  StudySpec spec = study.spec();
  spec.search.name = search;
  const auto sampler = std::move(*make_sampler(spec));
  for (int trial = 0; trial < trials; ++trial) {
    const auto suggestions = sampler->suggest(study.history(), 1, {seed, 0, static_cast<std::uint64_t>(trial)});
    EXPECT_TRUE(suggestions) << suggestions.error().message;
    study.done(suggestions->at(0), metrics(suggestions->at(0).config));
  }
  return study;
}

double median_best(const std::string& file, const std::string& search, int trials,
                   const std::function<double(const Config&)>& loss) {
  std::vector<double> bests;
  for (std::uint64_t seed = 0; seed < 9; ++seed) {
    const auto study =
        run(file, search, seed, trials, [&](const Config& config) { return Metrics{{"loss", loss(config)}}; });
    double best = HUGE_VAL;
    for (const Trial& trial : study.history().trials) best = std::min(best, *trial.metric("loss"));
    bests.push_back(best);
  }
  return math::median(bests);
}

TEST(Tpe, FindsTheMinimumOfABowlOverAMixedSpace) {
  const char* const file = R"({"space": {"lr": {"range": [1e-5, 1], "scale": "log"}, "x": {"range": [-4, 4]},
      "n": {"range": [1, 32], "integer": true}, "m": {"choice": ["a", "b", "c", "d"]}}})";
  const auto loss = [](const Config& config) {
    const double decade = std::log10(number(config, "lr")) + 3, x = number(config, "x") - 1,
                 n = number(config, "n") - 20;
    return decade * decade + x * x + n * n / 64 + (to_text(*config.find("m")) == "c" ? 0 : 1);
  };
  const double tpe = median_best(file, "tpe", 60, loss);
  EXPECT_LT(tpe, 0.35);
  EXPECT_LT(tpe, 0.3 * median_best(file, "random", 60, loss));
}

TEST(Tpe, FindsTheBestBranchAndItsSettings) {
  const char* const file =
      R"({"space": {"method": {"choice": ["full", "lora", "prompt"]}, "lr": {"range": [1e-6, 1], "scale": "log"},
      "rank": {"choice": [1, 2, 4, 8, 16, 32, 64, 128], "ordered": true, "when": {"method": "lora"}},
      "dropout": {"range": [0, 0.5], "when": {"method": "lora"}},
      "tokens": {"range": [1, 24], "integer": true, "when": {"method": "prompt"}}}})";
  const auto loss = [](const Config& config) {
    const std::string method = to_text(*config.find("method"));
    const double decade = std::log10(number(config, "lr"));
    if (method == "full") return 0.5 + std::pow(decade + 5, 2);
    if (method == "prompt") return 0.3 + std::pow(decade + 2, 2) + 0.1 * std::abs(number(config, "tokens") - 7);
    return std::pow(decade + 3.5, 2) + 0.15 * std::pow(std::log2(number(config, "rank")) - 4, 2) +
           0.3 * std::abs(number(config, "dropout") - 0.1);
  };
  const double tpe = median_best(file, "tpe", 60, loss);
  EXPECT_LT(tpe, 0.25) << "below the minima of the other branches";
  EXPECT_LT(tpe, median_best(file, "random", 60, loss));
}

TEST(Tpe, SaysWhyItChose) {
  const auto study = run(R"({"space": {"x": {"range": [0, 1]}}})", "tpe", 1, 12,
                         [](const Config& config) { return Metrics{{"loss", number(config, "x")}}; });
  const Json& first = study.history().trials[0].reason;
  EXPECT_EQ(first["design"], "sobol");
  const Json& last = study.history().trials[11].reason;
  EXPECT_EQ(last["by"], "tpe");
  EXPECT_TRUE(last["acquisition"].is_number());
  EXPECT_EQ(last["good"], 3) << "a fifth of eleven, rounded up";
  EXPECT_DOUBLE_EQ(last["prior_weight"], 0.25);
}

TEST(Tpe, KeepsAwayFromWhereTrialsFail) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}}})");
  const auto sampler = std::move(*make_sampler([&] {
    StudySpec spec = study.spec();
    spec.search.name = "tpe";
    return spec;
  }()));
  int failures = 0;
  for (std::uint64_t trial = 0; trial < 80; ++trial) {
    const auto suggestions = sampler->suggest(study.history(), 1, {4, 0, trial});
    ASSERT_TRUE(suggestions);
    const double x = number(suggestions->at(0).config, "x");
    if (x > 0.4) {
      study.failed(suggestions->at(0), FailureKind::OutOfMemory);
      failures += trial >= 40;
    } else {
      study.done(suggestions->at(0), 1 - x);
    }
  }
  EXPECT_LT(failures, 20) << "of 40; a random search fails in 24, and the best lies beside the cliff";
}

TEST(Tpe, SpreadsPendingTrials) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}})");
  for (int i = 0; i <= 20; ++i) study.done(Config{{"x", i / 20.0}}, std::abs(i / 20.0 - 0.5));
  StudySpec spec = study.spec();
  spec.search.name = "tpe";
  const auto sampler = std::move(*make_sampler(spec));
  const auto at_once = sampler->suggest(study.history(), 8, {1, 0, 21});
  ASSERT_TRUE(at_once);
  std::vector<double> places;
  for (const Suggestion& suggestion : *at_once) places.push_back(number(suggestion.config, "x"));
  EXPECT_GT(math::standard_deviation(places), 0.01);
}

TEST(Tpe, FindsAFrontOfTwoObjectives) {
  const char* const file = R"({"space": {"x": {"range": [-2, 4]}, "y": {"range": [-2, 2]}},
                               "objective": [{"minimize": "a"}, {"minimize": "b"}]})";
  const auto count = [&](const std::string& search) {
    const auto study = run(file, search, 3, 60, [](const Config& config) {
      const double x = number(config, "x"), y = number(config, "y");
      return Metrics{{"a", x * x + y * y}, {"b", (x - 2) * (x - 2) + y * y}};
    });
    int near = 0;  // the front is y = 0, 0 <= x <= 2
    for (const Trial& trial : study.history().trials) {
      const double x = number(trial.config, "x");
      near += std::abs(number(trial.config, "y")) < 0.3 && x > -0.3 && x < 2.3;
    }
    return near;
  };
  EXPECT_GT(count("tpe"), 20);
  EXPECT_GT(count("tpe"), 2 * count("random"));
}

TEST(Tpe, LeavesAPriorThatIsWrong) {
  const char* const file = R"({"space": {"lr": {"range": [1e-6, 1], "scale": "log",
                                                "prior": {"at": 3e-5, "spread": 2}}}})";
  const double best = median_best(file, "tpe", 30, [](const Config& config) {
    return std::abs(std::log10(number(config, "lr")) + 2);  // at 1e-2: a factor of 300, eight spreads away
  });
  EXPECT_LT(best, 0.15);
}

}  // namespace
}  // namespace pegbox
