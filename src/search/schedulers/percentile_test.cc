// The percentile rule.
#include "search/schedulers/percentile.h"

#include <cmath>

#include "search/schedulers/rule_for_test.h"

namespace pegbox {
namespace {

TEST(Percentile, StopsATrialBehindTheBestShareOfTheOthers) {
  RuleForTest test(R"({"name": "percentile", "keep": 20})");
  for (const double loss : {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}) test.run({9, loss});
  EXPECT_EQ(test.judge({9, 1.9}), Verdict::Continue) << "a fifth of the way from 1 to 6 is 2";
  EXPECT_EQ(test.judge({9, 2.1}), Verdict::Stop);
}

TEST(Percentile, OfFiftyIsTheMedian) {
  for (const double loss : {0.5, 1.5, 2.4, 2.6, 3.5, std::nan("")}) {
    RuleForTest percentile(R"({"name": "percentile", "keep": 50})"), median(R"("median")");
    for (RuleForTest* test : {&percentile, &median})
      for (const double other : {4.0, 2.0, 3.0, 1.0}) test->run({other});
    EXPECT_EQ(percentile.judge({loss}).verdict, median.judge({loss}).verdict) << loss;
  }
}

TEST(Percentile, CountsDivergedOthersAsInfinite) {
  RuleForTest test(R"({"name": "percentile", "keep": 75})");
  test.run({1});
  for (int i = 0; i < 3; ++i) test.run({std::nan("")});
  EXPECT_EQ(test.judge({1e9}), Verdict::Continue) << "better than the infinite losses it is measured by";
}

TEST(Percentile, KeepsTheBestShareOfTheFrontsWithSeveralObjectives) {
  RuleForTest test(R"({"name": "percentile", "keep": 25})",
                   R"(, "steps": 100, "objective": [{"minimize": "loss"}, {"maximize": "speed"}])");
  const auto at = [](double loss, double speed) { return std::vector<Metrics>{{{"loss", loss}, {"speed", speed}}}; };
  for (const double quality : {4.0, 3.0, 2.0}) test.run_reports(at(-quality, quality));
  test.run_reports(at(-1, 1));
  EXPECT_EQ(test.judge_reports(at(-3.5, 3.5)), Verdict::Continue) << "dominated by one of four others: second of five";
  EXPECT_EQ(test.judge_reports(at(-2.5, 2.5)), Verdict::Stop);
}

TEST(Percentile, SaysWhy) {
  RuleForTest test(R"({"name": "percentile", "keep": 10})");
  for (int i = 0; i < 4; ++i) test.run({1});
  EXPECT_EQ(test.judge({2}).why, "not among the best 10 % there");
  EXPECT_EQ(test.judge({std::nan("")}).why, "its 'loss' is not finite");
}

}  // namespace
}  // namespace pegbox
