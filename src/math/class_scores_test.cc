// Class scores: scikit-learn's own examples; tests/peers/test_text_metrics.py compares many more.
#include "math/class_scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <initializer_list>

namespace pegbox::math {
namespace {

ClassCounts counts_of(std::initializer_list<std::pair<int, int>> rows) {
  ClassCounts counts;
  for (const auto& [label, answer] : rows)
    counts.add(static_cast<std::size_t>(label), static_cast<std::size_t>(answer));
  return counts;
}

TEST(ClassScores, CountsGiveScikitLearnsScores) {
  // y_true = [0, 1, 2, 0, 1, 2], y_pred = [0, 2, 1, 0, 0, 1] of f1_score's documentation.
  const ClassCounts counts = counts_of({{0, 0}, {1, 2}, {2, 1}, {0, 0}, {1, 0}, {2, 1}});
  EXPECT_NEAR(counts.macro_f1(), 0.26666667, 1e-8);
  EXPECT_NEAR(counts.micro_f1(), 1.0 / 3, 1e-12);
  EXPECT_NEAR(counts.weighted_f1(), 0.26666667, 1e-8);
  EXPECT_NEAR(counts.accuracy(), 1.0 / 3, 1e-12);
  // matthews_corrcoef([1, 1, 1, -1], [1, -1, 1, 1])
  EXPECT_NEAR(counts_of({{1, 1}, {1, 0}, {1, 1}, {0, 1}}).matthews(), -1.0 / 3, 1e-12);
  EXPECT_EQ(counts_of({{1, 1}, {0, 1}}).matthews(), 0) << "always the same answer";
}

TEST(ClassScores, ClassesThatNeverOccurDoNotCount) {
  const ClassCounts counts = counts_of({{0, 0}, {3, 3}});
  EXPECT_EQ(counts.macro_f1(), 1);
  ClassCounts sum = counts;
  sum.add(counts_of({{5, 0}}));
  EXPECT_EQ(sum.rows(), 3);
  EXPECT_NEAR(sum.macro_f1(), (2.0 / 3 + 1 + 0) / 3, 1e-12);
}

TEST(ClassScores, ProbabilitiesGiveScikitLearnsScores) {
  const std::vector<std::vector<double>> two = {{0.9, 0.1}, {0.1, 0.9}, {0.2, 0.8}, {0.7, 0.3}};
  const std::vector<ClassifiedRow> rows = {{0, two[0]}, {1, two[1]}, {1, two[2]}, {0, two[3]}};
  EXPECT_NEAR(brier_score(rows), 0.0375, 1e-12);  // brier_score_loss([0, 1, 1, 0], [0.1, 0.9, 0.8, 0.3])
  EXPECT_EQ(roc_area(rows), 1);
  const std::vector<std::vector<double>> three = {{0.8, 0.1, 0.1}, {0.2, 0.7, 0.1}, {0.2, 0.2, 0.6}};
  const std::vector<ClassifiedRow> more = {{0, three[0]}, {1, three[1]}, {2, three[2]}};
  EXPECT_NEAR(brier_score(more), 0.44 / 3, 1e-12);
}

TEST(ClassScores, RocAreaCountsPairs) {
  const std::vector<double> scores = {0.1, 0.4, 0.35, 0.8};
  EXPECT_EQ(roc_area(scores, {false, false, true, true}), 0.75);
  EXPECT_EQ(roc_area(std::vector<double>{1, 1}, {true, false}), 0.5) << "a tie";
  EXPECT_TRUE(std::isnan(roc_area(scores, {true, true, true, true})));
}

TEST(ClassScores, CalibrationErrorIsConfidenceLessAccuracyByBins) {
  const std::vector<std::vector<double>> shares = {{0.9, 0.1}, {0.9, 0.1}, {0.3, 0.7}};
  const std::vector<ClassifiedRow> rows = {{0, shares[0]}, {1, shares[1]}, {1, shares[2]}};
  EXPECT_NEAR(calibration_error(rows), (2 * std::abs(0.9 - 0.5) + 0.3) / 3, 1e-12);
  EXPECT_NEAR(calibration_error(rows, 1), std::abs(2.5 - 2) / 3, 1e-12) << "one bin";
}

}  // namespace
}  // namespace pegbox::math
