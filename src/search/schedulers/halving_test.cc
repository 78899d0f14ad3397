// Synchronous successive halving.
#include "search/schedulers/halving.h"

#include <gmock/gmock.h>

#include <cmath>

#include "search/schedulers/rule_for_test.h"

namespace pegbox {
namespace {

/// Groups of nine: rungs 3 and 9 of 27 steps.
struct HalvingTest : testing::Test {
  explicit HalvingTest(const std::string& rest = R"(, "steps": 27)") : test(R"({"name": "halving", "min": 3})", rest) {}

  std::int64_t start() {
    const std::int64_t number = test.study.create(Config{{"x", 0.5}});
    test.study.start(number, test.rule->next_rung(test.study.history(), test.trial(number)));
    return number;
  }
  Verdict reach(std::int64_t number, double loss) {
    test.study.report(number, test.trial(number).until, loss);
    const Ruling ruling = test.rule->on_reached(test.study.history(), test.trial(number));
    if (ruling == Verdict::Pause) test.study.move(number, TrialState::Paused);
    if (ruling == Verdict::Stop) test.study.move(number, TrialState::Stopped);
    if (ruling == Verdict::Continue)
      test.study.start(number, test.rule->next_rung(test.study.history(), test.trial(number)));
    return ruling.verdict;
  }
  std::optional<Promotion> promote() {
    const auto promotion = test.rule->next_to_resume(test.study.history());
    if (promotion) test.study.start(promotion->trial, promotion->until);
    return promotion;
  }

  RuleForTest test;
};

TEST_F(HalvingTest, WaitsForTheWholeGroupAndThenPromotesItsBestThird) {
  for (int i = 0; i < 9; ++i) start();
  for (std::int64_t number = 0; number < 8; ++number)
    EXPECT_EQ(reach(number, static_cast<double>(number)), Verdict::Pause);
  EXPECT_FALSE(promote()) << "one still runs";
  EXPECT_EQ(reach(8, 0.5), Verdict::Continue) << "the last to come is second of nine";
  std::vector<std::int64_t> promoted{promote()->trial, promote()->trial};
  EXPECT_THAT(promoted, testing::ElementsAre(0, 1));
  EXPECT_FALSE(promote());
  EXPECT_EQ(reach(8, 7), Verdict::Pause);
  EXPECT_EQ(reach(0, 6), Verdict::Pause);
  EXPECT_EQ(reach(1, 5), Verdict::Continue) << "the best of three goes to the end";
  EXPECT_EQ(test.trial(1).until, 0);
  EXPECT_FALSE(promote());
}

TEST_F(HalvingTest, CountsTrialsOnTheirWayFromTheRungBelow) {
  for (int i = 0; i < 9; ++i) start();
  for (std::int64_t number = 0; number < 9; ++number) reach(number, static_cast<double>(number));
  EXPECT_EQ(promote()->trial, 0);
  EXPECT_EQ(reach(0, 1), Verdict::Pause) << "the two others have not even been resumed";
}

TEST_F(HalvingTest, BeginsTheNextGroupWhileOneWaits) {
  for (int i = 0; i < 10; ++i) start();
  for (std::int64_t number = 1; number < 10; ++number) EXPECT_EQ(reach(number, 5), Verdict::Pause);
  EXPECT_FALSE(promote()) << "trial 9 is of the next group, and trial 0 still runs";
  EXPECT_EQ(reach(0, 6), Verdict::Pause);
  EXPECT_EQ(promote()->trial, 1);
}

TEST_F(HalvingTest, DoesNotWaitForTrialsThatFailed) {
  for (int i = 0; i < 9; ++i) start();
  test.study.move(0, TrialState::Failed);
  EXPECT_EQ(reach(1, std::nan("")), Verdict::Stop);
  for (std::int64_t number = 2; number < 8; ++number) EXPECT_EQ(reach(number, 5), Verdict::Pause);
  EXPECT_EQ(reach(8, 1), Verdict::Continue);
  EXPECT_EQ(promote()->trial, 2);
  EXPECT_EQ(promote()->trial, 3);
  EXPECT_FALSE(promote());
}

struct ShortHalvingTest : HalvingTest {
  ShortHalvingTest() : HalvingTest(R"(, "steps": 27, "budget": {"trials": 11})") {}
};

TEST_F(ShortHalvingTest, TakesWhatTheBudgetLeavesForALastGroup) {
  for (int i = 0; i < 11; ++i) start();
  EXPECT_EQ(reach(10, 2), Verdict::Pause);
  EXPECT_EQ(reach(9, 1), Verdict::Continue) << "two trials are a group, and one goes on";
}

}  // namespace
}  // namespace pegbox
