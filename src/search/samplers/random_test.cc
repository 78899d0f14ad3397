// Independent draws.
#include "search/samplers/random.h"

#include <gtest/gtest.h>

#include <cmath>

#include "math/statistics.h"
#include "search/history_for_test.h"

namespace pegbox {
namespace {

std::vector<Suggestion> draw(const HistoryForTest& study, int count, std::uint64_t trial = 0) {
  const auto sampler = make_sampler(study.spec());
  EXPECT_TRUE(sampler) << sampler.error().message;
  auto suggestions = (*sampler)->suggest(study.history(), count, {7, 0, trial});
  EXPECT_TRUE(suggestions) << suggestions.error().message;
  return std::move(*suggestions);
}

TEST(Random, IsUniformInTheScaleOfTheParameter) {
  const HistoryForTest study(R"({"space": {"x": {"range": [1e-4, 1], "scale": "log"}}, "search": "random"})");
  std::vector<double> decades;
  for (const Suggestion& each : draw(study, 4000)) decades.push_back(std::log10(as_number(*each.config.find("x"))));
  EXPECT_NEAR(math::mean(decades), -2, 0.07);  // 4 sd: 4 * 4/sqrt(12)/sqrt(4000)
  EXPECT_NEAR(math::quantile(decades, 0.1), -3.6, 0.08);
  EXPECT_NEAR(math::standard_deviation(decades), 4 / std::sqrt(12.0), 0.04);
}

TEST(Random, FollowsPriors) {
  const HistoryForTest study(R"({"space": {"x": {"range": [0, 10], "prior": {"at": 7, "spread": 0.5}},
      "c": {"choice": ["a", "b"], "prior": {"weights": [9, 1]}}}, "search": "random"})");
  std::vector<double> values;
  int a = 0;
  for (const Suggestion& each : draw(study, 2000)) {
    values.push_back(as_number(*each.config.find("x")));
    a += to_text(*each.config.find("c")) == "a";
  }
  EXPECT_NEAR(math::mean(values), 7, 0.05);
  EXPECT_NEAR(math::standard_deviation(values), 0.5, 0.04);
  EXPECT_NEAR(a, 1800, 60);
}

TEST(Random, DrawsForATrialWhatItsNumberSaysHoweverManyAreAskedFor) {
  const HistoryForTest study(R"({"space": {"x": {"range": [0, 10]}}, "search": "random"})");
  const auto five = draw(study, 5);
  for (std::uint64_t trial = 0; trial < 5; ++trial)
    EXPECT_TRUE(draw(study, 1, trial).at(0).config == five[trial].config);
}

}  // namespace
}  // namespace pegbox
