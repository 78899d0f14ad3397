// The rule that extrapolates learning curves.
#include "search/schedulers/curve.h"

#include <cmath>

#include "search/schedulers/rule_for_test.h"

namespace pegbox {
namespace {

/// The first `reports` values, one every 5 of 100 steps, of a curve that falls from 5 to `end` as a power of the step.
std::vector<Metrics> falling(double end, int reports) {
  std::vector<Metrics> values;
  for (int i = 1; i <= reports; ++i)
    values.push_back({{"loss", end + (5 - end) * (std::pow(1 + i, -1.0) - 1.0 / 21) / (1 - 1.0 / 21)}});
  return values;
}

struct CurveTest : testing::Test {
  CurveTest() {
    for (const double end : {1.0, 1.4, 1.8, 2.2, 2.6}) test.run_reports(falling(end, 20));
  }
  RuleForTest test{R"("curve")"};
};

TEST_F(CurveTest, StopsATrialThatWillEndWorseThanTheBest) {
  const Ruling ruling = test.judge_reports(falling(2.4, 6));
  EXPECT_EQ(ruling, Verdict::Stop);
  EXPECT_NE(ruling.why.find("probability"), std::string::npos);
}

TEST_F(CurveTest, LetsATrialGoOnThatMayBecomeTheBestThoughItIsNotYet) {
  EXPECT_EQ(test.judge_reports(falling(0.8, 4)), Verdict::Continue) << "now far above the best loss seen, 1.0";
}

TEST_F(CurveTest, IsLessSureOfAnEarlyCurve) {
  RuleForTest strict(R"({"name": "curve", "probability": 0.000001})");
  for (const double end : {1.0, 1.4, 1.8, 2.2, 2.6}) strict.run_reports(falling(end, 20));
  EXPECT_EQ(strict.judge_reports(falling(1.2, 1)), Verdict::Continue);
  EXPECT_EQ(strict.judge_reports(falling(2.6, 15)), Verdict::Stop);
}

TEST(Curve, WaitsForOthers) {
  RuleForTest test(R"({"name": "curve", "others": 3})");
  test.run_reports(falling(1, 20)), test.run_reports(falling(1.2, 20));
  EXPECT_EQ(test.judge_reports(falling(3, 10)), Verdict::Continue);
  EXPECT_EQ(test.judge_reports(falling(3, 10)), Verdict::Stop);
}

TEST(Curve, SparesATrialThatMayWinByAnyOfSeveralObjectives) {
  RuleForTest test(R"("curve")", R"(, "steps": 100, "objective": [{"minimize": "loss"}, {"maximize": "speed"}])");
  const auto with_speed = [](std::vector<Metrics> reports, double speed) {
    for (Metrics& metrics : reports) metrics["speed"] = speed;
    return reports;
  };
  for (const double end : {1.0, 1.4, 1.8, 2.2, 2.6}) test.run_reports(with_speed(falling(end, 20), end));
  EXPECT_EQ(test.judge_reports(with_speed(falling(2.4, 10), 3)), Verdict::Continue) << "the fastest of all";
  EXPECT_EQ(test.judge_reports(with_speed(falling(2.4, 10), 1)), Verdict::Stop);
}

}  // namespace
}  // namespace pegbox
