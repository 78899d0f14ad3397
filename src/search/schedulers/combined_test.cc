// Several stopping rules as one.
#include "search/schedulers/combined.h"

#include <gmock/gmock.h>

#include <cmath>

#include "search/schedulers/rule_for_test.h"

namespace pegbox {
namespace {

using testing::ElementsAre;

std::vector<std::int64_t> rungs_of(RuleForTest& test) {
  std::vector<std::int64_t> rungs;
  Trial trial;
  while ((trial.step = test.rule->next_rung(test.study.history(), trial)) != 0) rungs.push_back(trial.step);
  return rungs;
}

TEST(Combined, StopsAtTheRungsOfAllRules) {
  RuleForTest test(R"([{"name": "asha", "min": 11}, {"name": "patience", "every": 30}])");
  EXPECT_THAT(rungs_of(test), ElementsAre(11, 30, 33, 60, 90));
}

TEST(Combined, TakesTheWordOfTheFirstRuleThatStopsOrPauses) {
  const auto ruling = [](const std::string& stop) {
    RuleForTest test(stop);
    test.run({1});
    test.run({2});
    return test.judge({std::nan("")});
  };
  EXPECT_EQ(ruling(R"([{"name": "asha", "min": 5}, "divergence"])").why, "its 'loss' is not finite");
  EXPECT_EQ(ruling(R"(["divergence", {"name": "asha", "min": 5}])").why, "'loss' is not finite");
  EXPECT_EQ(ruling(R"(["patience", {"name": "asha", "min": 5}])"), Verdict::Stop) << "patience has nothing to say";
}

TEST(Combined, LetsHalvingJudgeAtItsOwnRungsOnly) {
  RuleForTest test(R"([{"name": "asha", "min": 10}, {"name": "patience", "every": 5}])");
  const auto reach = [&test](std::int64_t number, double loss) {
    test.study.report(number, test.trial(number).until, loss);
    return test.rule->on_reached(test.study.history(), test.trial(number));
  };
  const auto go = [&test](std::int64_t number) {
    test.study.start(number, test.rule->next_rung(test.study.history(), test.trial(number)));
  };
  for (std::int64_t number = 0; number < 3; ++number) {
    test.study.create(Config{{"x", 0.5}});
    go(number);
    EXPECT_EQ(reach(number, 9), Verdict::Continue) << "step 5 is the other rule's";
    go(number);
    EXPECT_EQ(reach(number, static_cast<double>(number)), Verdict::Pause) << number;
    test.study.move(number, TrialState::Paused);
  }
  const auto promotion = test.rule->next_to_resume(test.study.history());
  ASSERT_TRUE(promotion);
  EXPECT_EQ(promotion->trial, 0);
  EXPECT_EQ(promotion->until, 15) << "the other rule's next rung is nearer than halving's 30";
  test.study.start(0, promotion->until);
  EXPECT_EQ(reach(0, -1), Verdict::Continue) << "promoted, and between two rungs of halving";
  EXPECT_FALSE(test.rule->next_to_resume(test.study.history())) << "its place is taken";
}

TEST(Combined, RefusesTwoRulesThatPause) {
  const HistoryForTest study(R"({"space": {"x": 1}, "steps": 100, "stop": ["asha", "median", "auto"]})");
  const auto made = make_scheduler(study.spec());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::InvalidInput);
}

TEST(Combined, NamesTheEntryWithAnUnknownOption) {
  const HistoryForTest study(R"({"space": {"x": 1}, "stop": ["asha", {"name": "patience", "reprots": 3}]})");
  const auto made = make_scheduler(study.spec());
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("stop.1"), std::string::npos) << made.error().message;
  EXPECT_NE(made.error().message.find("reports"), std::string::npos) << made.error().message;
}

}  // namespace
}  // namespace pegbox
