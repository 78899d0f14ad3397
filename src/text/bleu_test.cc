// BLEU by hand; tests/peers/test_text_metrics.py holds it against sacreBLEU.
#include "text/bleu.h"

#include <gtest/gtest.h>

#include <cmath>

namespace pegbox::text {
namespace {

BleuCounts sum(const std::vector<std::pair<std::string, std::string>>& texts) {
  BleuCounts total{};
  for (const auto& [hypothesis, reference] : texts) {
    const BleuCounts counts = bleu_counts(hypothesis, reference);
    for (std::size_t i = 0; i < total.size(); ++i) total[i] += counts[i];
  }
  return total;
}

TEST(Bleu, IsTheGeometricMeanOfPrecisionsWithMissesHalved) {
  // Runs of 1, 2 and 3 words: 5 of 6, 3 of 5, 1 of 4; none of the 3 runs of 4, which count as half a match.
  EXPECT_NEAR(bleu(bleu_counts("the cat sat on the mat", "the cat is on the mat")),
              100 * std::pow(5.0 / 6 * 3 / 5 * 1 / 4 * 1 / 6, 0.25), 1e-9);
  EXPECT_NEAR(bleu(bleu_counts("a b c d", "a b c d e f")), 100 * std::exp(1 - 6.0 / 4), 1e-9) << "too short";
  EXPECT_EQ(bleu(bleu_counts("x y", "a b c d e")), 0);
  EXPECT_EQ(bleu(bleu_counts("a b c", "a b c")), 0) << "there is no run of four words";
}

TEST(Bleu, OfACorpusIsOfItsSums) {
  const auto counts = sum({{"a b c d", "a b c d"}, {"a b", "b a"}});
  EXPECT_NEAR(bleu(counts), 100 * std::pow(6.0 / 6 * 3 / 4 * 2 / 2 * 1 / 1, 0.25), 1e-9);
}

TEST(Bleu, WordsAreThoseOfMteval) {
  EXPECT_EQ(tokenize_13a("Say &quot;1,000.5&quot; - 3-4, no.&amp;"),
            (std::vector<std::string>{"Say", "\"", "1,000.5", "\"", "-", "3", "-", "4", ",", "no", ".", "&"}));
  EXPECT_EQ(tokenize_13a("well-\nknown <skipped>x\n"), (std::vector<std::string>{"wellknown", "x"}));
  EXPECT_TRUE(tokenize_13a(" \n").empty());
}

}  // namespace
}  // namespace pegbox::text
