// The trials before a model has something to learn from.
#include "search/samplers/design.h"

#include <gtest/gtest.h>

#include "search/history_for_test.h"
#include "search/samplers/central_beliefs.h"

namespace pegbox {
namespace {

Space space_of(const char* file) { return HistoryForTest(file).space(); }

TEST(Design, GrowsWithTheBranches) {
  const Space one = space_of(R"({"space": {"x": {"range": [0, 1]}}})");
  const Space five = space_of(R"({"space": {"a": {"range": [0, 1]}, "b": {"range": [0, 1]}, "c": {"range": [0, 1]},
                                            "d": {"range": [0, 1]}, "e": {"range": [0, 1]}}})");
  const Space branches =
      space_of(R"({"space": {"m": {"choice": [1, 2, 3]}, "a": {"range": [0, 1], "when": {"m": 2}}}})");
  EXPECT_EQ(initial_trials(one, 0), 4);
  EXPECT_EQ(initial_trials(five, 0), 4);
  EXPECT_EQ(initial_trials(branches, 0), 12);
  EXPECT_EQ(initial_trials(branches, 18), 6) << "a third of the budget";
  EXPECT_EQ(initial_trials(branches, 3), 2);
}

TEST(Design, BeginsAtThePriorsModeAndAtWhatTheRangesSayAndGoesOnAroundTheFormer) {
  HistoryForTest study(R"({"space": {"lr": {"range": [1e-5, 1e-1], "scale": "log", "prior": {"at": 3e-4, "spread": 2}},
                                     "m": {"choice": ["a", "b"], "prior": {"weights": [1, 3]}}}})");
  TakenConfigs taken;
  taken.update(study.history());
  const History history = study.history();
  Design design(history, study.space(), with_central_beliefs(without_priors(study.space())), "test");
  const auto first = design.next(taken, {1, 0, 0});
  ASSERT_TRUE(first && *first);
  EXPECT_TRUE((*first)->config == (Config{{"lr", 3e-4}, {"m", std::string("b")}})) << (*first)->config.to_text();
  EXPECT_EQ((*first)->reason["design"], "prior");
  taken.add((*first)->config);
  const auto second = design.next(taken, {1, 0, 1});
  ASSERT_TRUE(second && *second);
  EXPECT_NEAR(as_number(*(*second)->config.find("lr")), 1e-3, 1e-9) << "the middle of the range";
  EXPECT_TRUE(*(*second)->config.find("m") == Value(std::string("b"))) << "weights of choices are not doubted";
  EXPECT_EQ((*second)->reason["design"], "middle");
  taken.add((*second)->config);
  int near = 0;
  for (std::uint64_t trial = 2; trial < 42; ++trial) {
    const auto next = design.next(taken, {1, 0, trial});
    ASSERT_TRUE(next && *next);
    EXPECT_EQ((*next)->reason["index"], trial - 2);
    const double lr = as_number(*(*next)->config.find("lr"));
    near += lr > 1.5e-4 && lr < 6e-4;
    taken.add((*next)->config);
  }
  EXPECT_NEAR(near, 0.683 * 20 + 0.15 * 20, 4) << "one standard deviation to either side; every other point doubts it";
}

TEST(Design, GoesOnWhereTheLogEnds) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}})");
  TakenConfigs taken;
  std::vector<Config> at_once;
  const History history = study.history();
  Design whole(history, study.space(), study.space(), "test");
  for (std::uint64_t trial = 0; trial < 4; ++trial) {
    const auto next = whole.next(taken, {1, 0, trial});
    ASSERT_TRUE(next && *next);
    at_once.push_back((*next)->config);
  }
  for (std::uint64_t trial = 0; trial < 4; ++trial) {
    taken.update(study.history());
    const auto next = Design(study.history(), study.space(), study.space(), "test").next(taken, {1, 0, trial});
    ASSERT_TRUE(next && *next);
    EXPECT_TRUE((*next)->config == at_once[trial]);
    study.done(**next, 1);
  }
}

}  // namespace
}  // namespace pegbox
