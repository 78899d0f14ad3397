// Edits by hand; tests/peers/test_text_metrics.py holds the rates against jiwer.
#include "text/error_rate.h"

#include <gtest/gtest.h>

namespace pegbox::text {
namespace {

TEST(ErrorRate, CountsTheFewestEdits) {
  const EditCounts words = word_edits("the  cat sat mat\n", "the cat is on the mat");
  EXPECT_EQ(words.edits, 3) << "sat for is, on and the are missing";
  EXPECT_EQ(words.reference, 6);
  const EditCounts characters = character_edits(" sitting", "kitten ");
  EXPECT_EQ(characters.edits, 3);
  EXPECT_EQ(characters.reference, 6);
  EXPECT_EQ(character_edits("é", "e").edits, 1) << "a character, not its bytes";
  EXPECT_EQ(word_edits("", "a b").edits, 2);
  EXPECT_EQ(word_edits("a b", "").edits, 2);
}

}  // namespace
}  // namespace pegbox::text
