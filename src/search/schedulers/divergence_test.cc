// The divergence rule.
#include "search/schedulers/divergence.h"

#include <cmath>

#include "base/number.h"
#include "search/schedulers/rule_for_test.h"

namespace pegbox {
namespace {

constexpr const char* kDivergence = R"("divergence")";

TEST(Divergence, StopsALossThatIsNotFinite) {
  RuleForTest test(kDivergence);
  EXPECT_EQ(test.judge({std::nan("")}), Verdict::Stop);
  EXPECT_EQ(test.judge({5, kInfinity}), Verdict::Stop);
  EXPECT_EQ(test.judge({5, std::nan(""), 4}), Verdict::Continue) << "it has recovered";
}

TEST(Divergence, StopsAJumpThatStaysAndSparesASpikeThatRecovers) {
  RuleForTest test(kDivergence);
  EXPECT_EQ(test.judge({5, 4, 3.5, 3.2, 3.1, 3.0, 4.8}), Verdict::Continue) << "one report";
  EXPECT_EQ(test.judge({5, 4, 3.5, 3.2, 3.1, 3.0, 4.8, 3.1}), Verdict::Continue);
  EXPECT_EQ(test.judge({8, 4, 3.2, 3.1, 3.05, 3.0, 2.9, 6.8, 6.9}), Verdict::Stop);
}

TEST(Divergence, SparesNoiseOnAFlatCurve) {
  RuleForTest test(kDivergence);
  EXPECT_EQ(test.judge({9, 3, 3, 3, 3, 3, 3, 3.05, 3.06}), Verdict::Continue)
      << "infinitely many deviations, but nothing is lost";
}

TEST(Divergence, StopsALossWorseThanAtItsStart) {
  RuleForTest test(kDivergence);
  EXPECT_EQ(test.judge({5, 5.2, 5.4}), Verdict::Continue);
  EXPECT_EQ(test.judge({5, 5.6, 5.7}), Verdict::Stop);
  EXPECT_EQ(test.judge({5, 9, 4}), Verdict::Continue) << "a start that was hard, and is over";
}

TEST(Divergence, FollowsAMaximizedObjective) {
  RuleForTest test(kDivergence, R"(, "steps": 100, "objective": {"maximize": "loss"})");
  EXPECT_EQ(test.judge({0.5, 0.6, 0.7, 0.8}), Verdict::Continue);
  EXPECT_EQ(test.judge({0.5, 0.4, 0.4}), Verdict::Stop);
}

TEST(Divergence, WatchesTheTrainingLossIfAsked) {
  RuleForTest test(R"({"name": "divergence", "metric": "train_loss"})");
  EXPECT_EQ(test.judge_reports({{{"loss", 1}, {"train_loss", std::nan("")}}}), Verdict::Stop);
  EXPECT_EQ(test.judge_reports({{{"loss", std::nan("")}, {"train_loss", 1}}}), Verdict::Continue);
}

}  // namespace
}  // namespace pegbox
