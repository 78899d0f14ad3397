// ROUGE by hand; tests/peers/test_text_metrics.py holds it against rouge-score.
#include "text/rouge.h"

#include <gtest/gtest.h>

namespace pegbox::text {
namespace {

double f1(double both, double ours, double theirs) { return 2 * both / (ours + theirs); }

TEST(Rouge, CountsRunsOfWordsInSmallLetters) {
  EXPECT_NEAR(rouge_n("The CAT, sat.", "the cat sat down", 1), f1(3, 3, 4), 1e-12);
  EXPECT_NEAR(rouge_n("the cat sat", "the cat lay", 2), f1(1, 2, 2), 1e-12);
  EXPECT_EQ(rouge_n("", "a", 1), 0);
  EXPECT_EQ(rouge_n("東京", "東京", 1), 0) << "other scripts have no words";
}

TEST(Rouge, LIsTheLongestCommonSubsequence) {
  EXPECT_NEAR(rouge_l("a x b y c", "a b z c"), f1(3, 5, 4), 1e-12);
  EXPECT_NEAR(rouge_l("c b a", "a b c"), f1(1, 3, 3), 1e-12);
  EXPECT_EQ(rouge_l("a", ""), 0);
}

TEST(Rouge, LOfLinesIsOfWhatTheyCoverTogether) {
  // Lin's example: the union of "w1 w2" and "w1 w3 w5" covers four of five words.
  EXPECT_NEAR(rouge_l_sum("w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5", "w1 w2 w3 w4 w5"), f1(4, 10, 5), 1e-12);
  EXPECT_NEAR(rouge_l_sum("a\nb", "b\na"), f1(2, 2, 2), 1e-12);
}

}  // namespace
}  // namespace pegbox::text
