// Freeze-thaw.
#include "search/schedulers/freeze_thaw.h"

#include <gmock/gmock.h>

#include <cmath>

#include "search/schedulers/rule_for_test.h"

namespace pegbox {
namespace {

/// 54 steps, rungs 2, 3, 5, 7, ...; curves that fall as a power of the step.
struct FreezeThawTest : testing::Test {
  explicit FreezeThawTest(const std::string& more = "") : test(R"("freeze_thaw")", R"(, "steps": 54)" + more) {}

  static double loss(double end, std::int64_t step) { return end + (5 - end) / (1 + 0.5 * static_cast<double>(step)); }
  std::int64_t start(double end) {
    const std::int64_t number = test.study.create(Config{{"x", 0.5}});
    ends.push_back(end);
    test.study.start(number, test.rule->next_rung(test.study.history(), test.trial(number)));
    return number;
  }
  /// Runs a trial to its rung and does as it is told.
  Verdict reach(std::int64_t number) {
    const Trial& trial = test.trial(number);
    const std::int64_t until = trial.until == 0 ? 54 : trial.until;
    for (std::int64_t step = trial.step + 1; step <= until; ++step)
      test.study.report(number, step, loss(ends[static_cast<std::size_t>(number)], step));
    if (trial.until == 0) return test.study.move(number, TrialState::Done), Verdict::Stop;
    const Ruling ruling = test.rule->on_reached(test.study.history(), trial);
    if (ruling == Verdict::Pause) test.study.move(number, TrialState::Paused);
    if (ruling == Verdict::Continue) test.study.start(number, test.rule->next_rung(test.study.history(), trial));
    return ruling.verdict;
  }

  RuleForTest test;
  std::vector<double> ends;
};

TEST_F(FreezeThawTest, StopsAtRungsThatGrow) {
  std::vector<std::int64_t> rungs;
  Trial trial;
  while ((trial.step = test.rule->next_rung(test.study.history(), trial)) != 0) rungs.push_back(trial.step);
  EXPECT_THAT(rungs, testing::ElementsAre(2, 3, 5, 7, 10, 15, 23, 34, 51));
}

TEST_F(FreezeThawTest, LetsTheFirstTrialsBeginBeforeAnyGoesOn) {
  EXPECT_EQ(reach(start(1)), Verdict::Pause);
  EXPECT_FALSE(test.rule->next_to_resume(test.study.history()));
}

TEST_F(FreezeThawTest, ThawsTheCurveThatPromisesMost) {
  for (const double end : {3.0, 1.0, 2.0, 3.5, 2.5, 3.2}) {
    const std::int64_t number = start(end);
    if (test.trial(number).state == TrialState::Running) (void)reach(number);
  }
  // Whatever was decided on the way: the most promising curve is ahead of all others when the steps are spent.
  for (int leg = 0; leg < 30; ++leg) {
    const auto promotion = test.rule->next_to_resume(test.study.history());
    const auto& running = test.study.history().in_state(TrialState::Running);
    if (!running.empty())
      (void)reach(*running.begin());
    else if (promotion)
      test.study.start(promotion->trial, promotion->until);
    else
      break;
  }
  for (const std::int64_t number : {0, 2, 3, 4, 5}) EXPECT_LT(test.trial(number).step, test.trial(1).step) << number;
}

TEST_F(FreezeThawTest, StopsALossThatIsNotFinite) {
  const std::int64_t number = start(1);
  test.study.report(number, 2, std::nan(""));
  EXPECT_EQ(test.rule->on_reached(test.study.history(), test.trial(number)), Verdict::Stop);
}

struct ShortFreezeThawTest : FreezeThawTest {
  ShortFreezeThawTest() : FreezeThawTest(R"(, "budget": {"trials": 5})") {}
};

TEST_F(ShortFreezeThawTest, FinishesSomethingWhenTheBudgetHasNoNewTrial) {
  for (const double end : {3.0, 1.0, 2.0, 3.5, 2.5}) start(end);
  for (int leg = 0; leg < 200; ++leg) {
    const auto& running = test.study.history().in_state(TrialState::Running);
    if (!running.empty()) {
      (void)reach(*running.begin());
      continue;
    }
    const auto promotion = test.rule->next_to_resume(test.study.history());
    if (!promotion) break;
    test.study.start(promotion->trial, promotion->until);
  }
  EXPECT_TRUE(test.study.history().in_state(TrialState::Done).contains(1)) << "the best one above all";
}

}  // namespace
}  // namespace pegbox
