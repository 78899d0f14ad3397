// Answers by SQuAD's normalization.
#include "text/answer_match.h"

#include <gtest/gtest.h>

namespace pegbox::text {
namespace {

TEST(AnswerMatch, ArticlesPunctuationCaseAndWhiteSpaceMakeNoDifference) {
  EXPECT_EQ(normalize_answer(" The  \"Panther\", an-a  thé a1 THEM.\n"), "panther ana thé a1 them");
  EXPECT_TRUE(exact_match("the Broncos!", "Broncos"));
  EXPECT_FALSE(exact_match("Bronco", "Broncos"));
  EXPECT_TRUE(exact_match("a", "the")) << "nothing is left of either";
}

TEST(AnswerMatch, F1IsOfWordsInAnyOrder) {
  EXPECT_NEAR(token_f1("the red red fox", "a fox, red"), 2 * (2.0 / 3) * 1 / (2.0 / 3 + 1), 1e-12);
  EXPECT_EQ(token_f1("cat", "dog"), 0);
  EXPECT_EQ(token_f1("the", "an"), 1);
  EXPECT_EQ(token_f1("the", "cat"), 0);
}

}  // namespace
}  // namespace pegbox::text
