// Every combination once.
#include "search/samplers/grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "search/history_for_test.h"

namespace pegbox {
namespace {

using testing::ElementsAre;

std::vector<std::string> walk(HistoryForTest& study, std::uint64_t seed = 0, int at_once = 1) {
  const auto sampler = make_sampler(study.spec());
  EXPECT_TRUE(sampler) << sampler.error().message;
  std::vector<std::string> texts;
  for (;;) {
    const auto suggestions = (*sampler)->suggest(study.history(), at_once, {seed, 0, study.history().trials.size()});
    EXPECT_TRUE(suggestions) << suggestions.error().message;
    if (!suggestions || suggestions->empty()) return texts;
    for (const Suggestion& suggestion : *suggestions) {
      texts.push_back(suggestion.config.to_text());
      study.done(suggestion, 1.0);
    }
  }
}

TEST(Grid, WalksThroughTheCombinationsInOrder) {
  HistoryForTest study(
      R"({"space": {"a": {"choice": ["x", "y"]}, "z": {"range": [0, 1]}}, "search": {"name": "grid", "points": 3}})");
  EXPECT_THAT(walk(study), ElementsAre("a=x z=0", "a=x z=0.5", "a=x z=1", "a=y z=0", "a=y z=0.5", "a=y z=1"));
}

TEST(Grid, GivesTheSameWhenSeveralAreAskedForAtOnce) {
  const char* file = R"({"space": {"n": {"range": [1, 11], "integer": true}}, "search": "grid"})";
  HistoryForTest one(file), four(file);
  EXPECT_EQ(walk(one), walk(four, 0, 4));
}

TEST(Grid, LeavesOutWhatConstraintsForbidAndWhatWasTried) {
  HistoryForTest study(
      R"({"space": {"n": {"range": [1, 6], "integer": true}}, "constraints": ["n != 2"], "search": "grid"})");
  study.done(Config{{"n", std::int64_t{4}}}, 1);
  EXPECT_THAT(walk(study), ElementsAre("n=1", "n=3", "n=5", "n=6"));
}

TEST(Grid, GoesOnWhereItWasInterrupted) {
  HistoryForTest study(
      R"({"space": {"n": {"range": [1, 6], "integer": true}}, "search": {"name": "grid", "order": "shuffled"}})");
  const auto first = make_sampler(study.spec());
  std::vector<std::string> texts;
  for (int i = 0; i < 3; ++i) {
    const auto suggestions = (*first)->suggest(study.history(), 1, {5, 0, 0});
    texts.push_back(suggestions->at(0).config.to_text());
    study.start(study.create(suggestions->at(0)));
  }
  const auto rest = walk(study, 5);
  texts.insert(texts.end(), rest.begin(), rest.end());
  HistoryForTest whole(
      R"({"space": {"n": {"range": [1, 6], "integer": true}}, "search": {"name": "grid", "order": "shuffled"}})");
  EXPECT_EQ(texts, walk(whole, 5));
}

TEST(Grid, IsShuffledByTheSeed) {
  const char* file =
      R"({"space": {"n": {"range": [1, 30], "integer": true}}, "search": {"name": "grid", "order": "shuffled"}})";
  HistoryForTest a(file), b(file),
      ordered(R"({"space": {"n": {"range": [1, 30], "integer": true}}, "search": "grid"})");
  auto one = walk(a, 1), other = walk(b, 2), all = walk(ordered);
  EXPECT_NE(one, other);
  EXPECT_NE(one, all);
  std::ranges::sort(one), std::ranges::sort(other), std::ranges::sort(all);
  EXPECT_EQ(one, all);
  EXPECT_EQ(other, all);
}

TEST(Grid, RefusesAGridThatNobodyCanTrain) {
  const HistoryForTest study(R"({"space": {"n": {"range": [1, 1000000], "integer": true}}, "search": "grid"})");
  const auto sampler = make_sampler(study.spec());
  const auto suggestions = (*sampler)->suggest(study.history(), 1, {});
  ASSERT_FALSE(suggestions);
  EXPECT_NE(suggestions.error().message.find("step"), std::string::npos) << suggestions.error().message;
}

}  // namespace
}  // namespace pegbox
