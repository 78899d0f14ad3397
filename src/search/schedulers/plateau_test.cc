// The plateau rule.
#include "search/schedulers/plateau.h"

#include <cmath>

#include "search/schedulers/rule_for_test.h"

namespace pegbox {
namespace {

constexpr const char* kPlateau = R"({"name": "plateau", "reports": 4, "fraction": 0.01})";

TEST(Plateau, StopsACurveThatNoLongerFalls) {
  RuleForTest test(kPlateau);
  EXPECT_EQ(test.judge({10, 5, 4, 4.01, 3.99, 4}), Verdict::Stop);
  EXPECT_EQ(test.judge({10, 5, 4, 3.9, 3.8, 3.7}), Verdict::Continue);
}

TEST(Plateau, GoesOnWhileTheReportsAreFew) {
  RuleForTest test(kPlateau);
  EXPECT_EQ(test.judge({4, 4, 4, 4}), Verdict::Continue);
  EXPECT_EQ(test.judge({4, 4, 4, 4, 4}), Verdict::Stop);
}

TEST(Plateau, SeesThroughNoiseThatPatienceTakesForAnEnd) {
  const std::initializer_list<double> noisy{10, 5.0, 5.6, 5.4, 5.2, 5.1};
  RuleForTest plateau(kPlateau), patience(R"({"name": "patience", "reports": 4})");
  EXPECT_EQ(plateau.judge(noisy), Verdict::Continue) << "from 5.6 it falls";
  EXPECT_EQ(patience.judge(noisy), Verdict::Stop);
}

TEST(Plateau, IsMeasuredAgainstWhatTheTrialHasGained) {
  RuleForTest test(kPlateau);
  EXPECT_EQ(test.judge({1, 0.5, 0.4, 0.39, 0.38, 0.37}), Verdict::Continue);
  EXPECT_EQ(test.judge({1000, 500, 400, 390, 380, 370}), Verdict::Continue);
  EXPECT_EQ(test.judge({78, 77.5, 77.4, 77.39, 77.38, 77.37}), Verdict::Continue);
}

TEST(Plateau, LeavesOutValuesThatAreNotFinite) {
  RuleForTest test(kPlateau);
  EXPECT_EQ(test.judge({10, 5, 4, 3.9, std::nan(""), 3.8, 3.7}), Verdict::Continue);
}

}  // namespace
}  // namespace pegbox
