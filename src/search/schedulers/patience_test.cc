// The patience rule.
#include "search/schedulers/patience.h"

#include <cmath>

#include "search/schedulers/rule_for_test.h"

namespace pegbox {
namespace {

TEST(Patience, StopsATrialThatHasNotImprovedForSoManyReports) {
  RuleForTest test(R"({"name": "patience", "reports": 3})");
  EXPECT_EQ(test.judge({5, 4, 4, 5}), Verdict::Continue);
  EXPECT_EQ(test.judge({5, 4, 4, 5, 6}), Verdict::Stop);
  EXPECT_EQ(test.judge({5, 4, 4, 5, 3.9}), Verdict::Continue);
}

TEST(Patience, CountsOnlyGainsAboveTheLeastOne) {
  RuleForTest test(R"({"name": "patience", "reports": 2, "min_delta": 0.5})");
  EXPECT_EQ(test.judge({5, 4.9, 4.7}), Verdict::Stop);
  EXPECT_EQ(test.judge({5, 4.7, 4.4}), Verdict::Continue) << "0.6 below the best that counted";
}

TEST(Patience, TakesANumberThatIsNoneForNoImprovement) {
  RuleForTest test(R"({"name": "patience", "reports": 2})");
  const double nan = std::nan("");
  EXPECT_EQ(test.judge({nan, nan}), Verdict::Stop);
  EXPECT_EQ(test.judge({nan, 5, nan}), Verdict::Continue);
}

TEST(Patience, FollowsTheDirectionOfAMaximizedObjective) {
  RuleForTest test(R"({"name": "patience", "reports": 2})", R"(, "steps": 100, "objective": {"maximize": "loss"})");
  EXPECT_EQ(test.judge({1, 2, 3}), Verdict::Continue);
  EXPECT_EQ(test.judge({3, 2, 1}), Verdict::Stop);
}

TEST(Patience, CountsAGainInAnyOfSeveralObjectives) {
  RuleForTest test(R"({"name": "patience", "reports": 2})",
                   R"(, "steps": 100, "objective": [{"minimize": "loss"}, {"maximize": "speed"}])");
  const auto at = [](double loss, double speed) { return Metrics{{"loss", loss}, {"speed", speed}}; };
  EXPECT_EQ(test.judge_reports({at(1, 1), at(2, 1), at(3, 2)}), Verdict::Continue);
  EXPECT_EQ(test.judge_reports({at(1, 1), at(2, 1), at(3, 1)}), Verdict::Stop);
}

}  // namespace
}  // namespace pegbox
