// chrF by hand; tests/peers/test_text_metrics.py holds it against sacreBLEU.
#include "text/chrf.h"

#include <gtest/gtest.h>

namespace pegbox::text {
namespace {

TEST(Chrf, IsOfMeanPrecisionAndRecallOverTheOrdersThatBothHave) {
  EXPECT_NEAR(chrf(chrf_counts("a bc", "ab d")), 100 * (2.0 / 3 + 1.0 / 2 + 0) / 3, 1e-9) << "white space is left out";
  const double precision = (2.0 / 4 + 1.0 / 3) / 2, recall = (2.0 / 2 + 1.0 / 1) / 2;  // abcd against ab
  EXPECT_NEAR(chrf(chrf_counts("abcd", "ab")), 100 * 5 * precision * recall / (4 * precision + recall), 1e-9);
  EXPECT_EQ(chrf(chrf_counts("ab", "cd")), 0);
  EXPECT_EQ(chrf(chrf_counts("", "cd")), 0);
}

TEST(Chrf, PlusPlusCountsWordsToo) {
  EXPECT_NEAR(chrf_plus_plus(chrf_counts("a b", "a b")), 100, 1e-9);
  // Characters a x against a y: 1 of 2, 0 of 1; words: 1 of 2, 0 of 1.
  EXPECT_NEAR(chrf_plus_plus(chrf_counts("a x", "a y")), 100 * (0.5 + 0 + 0.5 + 0) / 4, 1e-9);
  // "no." is two words, so is "(no", of which the bracket stands first; "é" is one.
  const ChrfCounts counts = chrf_counts("no. (no é", "no");
  EXPECT_EQ(counts[3 * kChrfCharacterOrder], 5);
  EXPECT_EQ(counts[3 * kChrfCharacterOrder + 2], 1);
}

}  // namespace
}  // namespace pegbox::text
