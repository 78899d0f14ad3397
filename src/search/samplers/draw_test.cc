// Configurations by proposal and rejection.
#include "search/samplers/draw.h"

#include <gtest/gtest.h>

#include "search/history_for_test.h"

namespace pegbox {
namespace {

/// Proposes uniform points.
Result<std::optional<Drawn>> draw(const HistoryForTest& study, std::uint64_t seed = 1) {
  Rng rng({seed, stream_id("draw test"), 0});
  TakenConfigs taken;
  taken.update(study.history());
  const auto propose = [&](std::uint64_t, std::span<double> at) {
    for (double& coordinate : at) coordinate = rng.uniform();
  };
  return draw_new(study.history(), taken, propose, rng);
}

TEST(Draw, FindsOnePartInAThousand) {
  const HistoryForTest study(
      R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}}, "constraints": ["x < 0.03", "y > 0.97"]})");
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto drawn = draw(study, seed);
    ASSERT_TRUE(drawn && *drawn);
    EXPECT_LT(as_number(*(*drawn)->config.find("x")), 0.03);
  }
}

TEST(Draw, FindsTheLastConfigurationThatProposalsMiss) {
  HistoryForTest study(R"({"space": {"n": {"range": [1, 3000], "integer": true}}, "constraints": ["n % 1000 == 7"]})");
  for (const std::int64_t n : {7, 2007}) study.create(Config{{"n", n}});
  const auto drawn = draw(study);
  ASSERT_TRUE(drawn && *drawn);
  EXPECT_EQ(as_number(*(*drawn)->config.find("n")), 1007);
  study.create((*drawn)->config);
  const auto none = draw(study);
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
}

TEST(Draw, TellsExhaustedFromContradictory) {
  HistoryForTest study(R"({"space": {"n": {"range": [1, 5], "integer": true}}, "constraints": ["n > 5"]})");
  const auto contradictory = draw(study);
  ASSERT_FALSE(contradictory);
  EXPECT_NE(contradictory.error().message.find("none in all 5"), std::string::npos) << contradictory.error().message;
  EXPECT_NE(contradictory.error().message.find("n > 5"), std::string::npos) << contradictory.error().message;
}

TEST(Draw, AvoidsTheCountablePartOfASpaceOnceItIsTaken) {
  HistoryForTest study(
      R"({"space": {"a": {"choice": ["plain", "tuned"]}, "x": {"range": [0, 1], "when": {"a": "tuned"}}}})");
  study.create(Config{{"a", std::string("plain")}});
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto drawn = draw(study, seed);
    ASSERT_TRUE(drawn && *drawn);
    EXPECT_NE((*drawn)->config.find("x"), nullptr);
  }
}

TEST(Draw, PassesOnAConstraintThatCannotBeEvaluated) {
  const HistoryForTest study(
      R"({"space": {"n": {"range": [0, 5], "integer": true}}, "constraints": ["3 / (n - n) < 1"]})");
  EXPECT_FALSE(draw(study));
}

TEST(Draw, GoesOnAfterTheLastIndexOfASobolSequence) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}})");
  EXPECT_EQ(next_sobol_index(study.history(), "sobol"), 0u);
  study.create(Config{{"x", 0.1}}, {{"by", "sobol"}, {"index", 4}});
  study.create(Config{{"x", 0.2}}, {{"by", "gp"}, {"index", 9}});
  study.create(Config{{"x", 0.3}}, {{"by", "try_first"}});
  study.create(Config{{"x", 0.4}});
  EXPECT_EQ(next_sobol_index(study.history(), "sobol"), 5u);
  EXPECT_EQ(next_sobol_index(study.history(), "gp"), 10u);
}

}  // namespace
}  // namespace pegbox
