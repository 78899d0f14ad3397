// The rule for a growing gap between training and validation loss.
#include "search/schedulers/gap.h"

#include "search/schedulers/rule_for_test.h"

namespace pegbox {
namespace {

Metrics at(double training, double validation) {
  return {{"train_loss", training}, {"validation_loss", validation}, {"loss", validation}};
}

TEST(Gap, StopsATrialThatOverfits) {
  RuleForTest test(R"("gap")");
  EXPECT_EQ(test.judge_reports({at(3, 3.1), at(2, 2.3), at(1.5, 2.5), at(1.2, 2.6), at(1, 2.7)}), Verdict::Stop);
  EXPECT_EQ(test.judge_reports({at(3, 3.1), at(2, 2.3), at(1.5, 2.5), at(1.2, 2.6)}), Verdict::Continue)
      << "two reports only";
}

TEST(Gap, SparesAGrowingGapWhileValidationImproves) {
  RuleForTest test(R"("gap")");
  EXPECT_EQ(test.judge_reports({at(3, 3.1), at(2, 2.9), at(1, 2.7), at(0.5, 2.6), at(0.1, 2.5)}), Verdict::Continue);
}

TEST(Gap, SparesAValidationLossThatRisesWithTheTrainingLoss) {
  RuleForTest test(R"("gap")");
  EXPECT_EQ(test.judge_reports({at(3, 3.1), at(2, 2.1), at(2.5, 2.6), at(2.6, 2.7), at(2.7, 2.8)}), Verdict::Continue)
      << "that is another illness";
}

TEST(Gap, TakesTheNamesOfTheMetrics) {
  RuleForTest test(R"({"name": "gap", "training": "a", "validation": "loss", "reports": 1})");
  EXPECT_EQ(test.judge_reports({{{"a", 2}, {"loss", 2}}, {{"a", 1}, {"loss", 3}}}), Verdict::Stop);
  EXPECT_EQ(test.judge_reports({at(2, 2), at(1, 3)}), Verdict::Continue) << "these report no 'a'";
  const HistoryForTest same(R"({"space": {"x": 1}, "stop": {"name": "gap", "training": "validation_loss"}})");
  EXPECT_FALSE(make_scheduler(same.spec()));
}

}  // namespace
}  // namespace pegbox
