// A scrambled Sobol sequence over a space.
#include "search/samplers/sobol.h"

#include <gtest/gtest.h>

#include <set>

#include "search/history_for_test.h"

namespace pegbox {
namespace {

std::vector<Suggestion> draw_points(const HistoryForTest& study, int count, std::uint64_t seed = 7) {
  const auto sampler = make_sampler(study.spec());
  EXPECT_TRUE(sampler) << sampler.error().message;
  auto suggestions = (*sampler)->suggest(study.history(), count, {seed, 0, study.history().trials.size()});
  EXPECT_TRUE(suggestions) << suggestions.error().message;
  return std::move(*suggestions);
}

TEST(Sobol, FillsEveryCellOfTheSpaceEqually) {
  const HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}}, "search": "sobol"})");
  std::set<std::pair<int, int>> cells;
  for (const Suggestion& each : draw_points(study, 64))
    cells.emplace(static_cast<int>(8 * as_number(*each.config.find("x"))),
                  static_cast<int>(8 * as_number(*each.config.find("y"))));
  EXPECT_EQ(cells.size(), 64u);
}

TEST(Sobol, GoesOnFromTheHistoryWithoutRepeatingAnIndex) {
  const char* file =
      R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}}, "constraints": ["x + y < 1"], "search": "sobol"})";
  HistoryForTest one_by_one(file), at_once(file);
  const auto all = draw_points(at_once, 20);
  std::set<std::int64_t> indices;
  for (const Suggestion& expected : all) {
    const auto suggestion = draw_points(one_by_one, 1).at(0);
    EXPECT_TRUE(suggestion.config == expected.config);
    indices.insert(suggestion.reason["index"].get<std::int64_t>());
    one_by_one.done(suggestion, 1);
  }
  EXPECT_EQ(indices.size(), 20u);
  EXPECT_GT(*indices.rbegin(), 25) << "about half of the points break the constraint and are passed over";
}

TEST(Sobol, FollowsPriors) {
  const HistoryForTest study(
      R"({"space": {"x": {"range": [0, 10], "prior": {"at": 7, "spread": 0.5}}}, "search": "sobol"})");
  int below = 0;
  for (const Suggestion& each : draw_points(study, 64)) below += as_number(*each.config.find("x")) < 7;
  EXPECT_NEAR(below, 32, 1);
}

TEST(Sobol, IsScrambledByTheSeed) {
  const HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "search": "sobol"})");
  EXPECT_FALSE(draw_points(study, 1, 1).at(0).config == draw_points(study, 1, 2).at(0).config);
}

}  // namespace
}  // namespace pegbox
