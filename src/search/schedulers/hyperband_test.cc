// Hyperband.
#include "search/schedulers/hyperband.h"

#include <gmock/gmock.h>

#include "search/halving_rungs.h"
#include "search/schedulers/rule_for_test.h"

namespace pegbox {
namespace {

// Brackets: trials 0-8 (rungs 3, 9 of 27 steps), 9-13 (rung 9), 14-16 (none).
struct HyperbandTest : testing::Test {
  std::int64_t start() {
    const std::int64_t number = test.study.create(Config{{"x", 0.5}});
    const std::int64_t rung = test.rule->next_rung(test.study.history(), test.trial(number));
    test.study.start(number, rung);
    return rung;
  }
  Verdict reach(std::int64_t number, double loss) {
    test.study.report(number, test.trial(number).until, loss);
    const Ruling ruling = test.rule->on_reached(test.study.history(), test.trial(number));
    if (ruling == Verdict::Pause) test.study.move(number, TrialState::Paused);
    return ruling.verdict;
  }

  RuleForTest test{R"({"name": "hyperband", "min": 3})", R"(, "steps": 27)"};
};

TEST_F(HyperbandTest, BeginsEachBracketAtItsOwnRung) {
  std::vector<std::int64_t> first;
  for (int i = 0; i < 18; ++i) first.push_back(start());
  EXPECT_THAT(first, testing::ElementsAre(3, 3, 3, 3, 3, 3, 3, 3, 3, 9, 9, 9, 9, 9, 0, 0, 0, 3));
}

TEST_F(HyperbandTest, ComparesTrialsOfOneBracketOnly) {
  for (int i = 0; i < 12; ++i) start();
  for (std::int64_t number = 0; number < 9; ++number) reach(number, 100 + static_cast<double>(number));
  for (int i = 0; i < 3; ++i) {
    const auto promotion = test.rule->next_to_resume(test.study.history());
    ASSERT_TRUE(promotion);
    EXPECT_EQ(promotion->until, 9);
    test.study.start(promotion->trial, 9);
    EXPECT_EQ(reach(promotion->trial, 50), Verdict::Pause) << "equal losses: the place is for the first of them";
  }
  EXPECT_EQ(test.rule->next_to_resume(test.study.history())->trial, 0) << "one of three at step 9, and to the end";
  EXPECT_EQ(reach(9, 1), Verdict::Pause) << "better than all of the first bracket, but alone in its own";
  EXPECT_EQ(reach(10, 2), Verdict::Pause);
  EXPECT_EQ(reach(11, 0.5), Verdict::Continue);
}

}  // namespace
}  // namespace pegbox
