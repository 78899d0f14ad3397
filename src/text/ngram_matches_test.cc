// Runs of symbols in common.
#include "text/ngram_matches.h"

#include <gtest/gtest.h>

namespace pegbox::text {
namespace {

TEST(NgramMatches, ARunCountsAsOftenAsBothHaveIt) {
  const std::vector<Symbol> ours = {1, 2, 1, 2, 1, 2}, theirs = {1, 2, 3, 1, 2};
  const NgramMatches pairs = match_ngrams(ours, theirs, 2);
  EXPECT_EQ(pairs.hypothesis, 5);
  EXPECT_EQ(pairs.reference, 4);
  EXPECT_EQ(pairs.both, 2) << "1 2 is three times in the one and twice in the other; 2 1 and 2 3 are in one alone";
  EXPECT_EQ(match_ngrams(ours, theirs, 6).both, 0);
  EXPECT_EQ(match_ngrams(ours, theirs, 6).reference, 0) << "shorter than the run";
}

TEST(NgramMatches, EqualTextsAreOneSymbol) {
  SymbolTable table;
  EXPECT_EQ(table.of("a"), table.of("a"));
  EXPECT_NE(table.of("a"), table.of("b"));
}

}  // namespace
}  // namespace pegbox::text
