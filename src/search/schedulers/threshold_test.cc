// The threshold rule.
#include "search/schedulers/threshold.h"

#include <cmath>

#include "search/schedulers/rule_for_test.h"

namespace pegbox {
namespace {

TEST(Threshold, StopsAboveOrBelowItsBounds) {
  RuleForTest test(R"({"name": "threshold", "above": 10, "below": 0})");
  EXPECT_EQ(test.judge({10}), Verdict::Continue);
  EXPECT_EQ(test.judge({10.5}), Verdict::Stop);
  EXPECT_EQ(test.judge({0}), Verdict::Continue);
  EXPECT_EQ(test.judge({-0.5}), Verdict::Stop);
  EXPECT_EQ(test.judge({50, 5}), Verdict::Continue) << "only the latest value counts";
}

TEST(Threshold, StopsWhatIsNotANumber) {
  RuleForTest test(R"({"name": "threshold", "above": 10})");
  EXPECT_EQ(test.judge({std::nan("")}), Verdict::Stop);
}

TEST(Threshold, WatchesAnyMetricAsItIs) {
  RuleForTest test(R"({"name": "threshold", "metric": "accuracy", "below": 0.3, "grace": 10})",
                   R"(, "steps": 100, "objective": {"maximize": "accuracy"})");
  const auto accuracy = [](double value) { return Metrics{{"accuracy", value}}; };
  EXPECT_EQ(test.judge_reports({accuracy(0.1)}), Verdict::Continue) << "in its grace";
  EXPECT_EQ(test.judge_reports({accuracy(0.1), accuracy(0.2)}), Verdict::Stop);
  EXPECT_EQ(test.judge_reports({accuracy(0.1), accuracy(0.4)}), Verdict::Continue);
  EXPECT_EQ(test.judge_reports({{{"loss", 1}}, {{"loss", 1}}}), Verdict::Continue) << "it has not reported it";
}

TEST(Threshold, RefusesBoundsThatLeaveNothing) {
  for (const std::string options : {R"("above": 1, "below": 2)", R"("metric": "loss")"}) {
    const HistoryForTest study(R"({"space": {"x": 1}, "stop": {"name": "threshold", )" + options + "}}");
    EXPECT_FALSE(make_scheduler(study.spec())) << options;
  }
}

}  // namespace
}  // namespace pegbox
