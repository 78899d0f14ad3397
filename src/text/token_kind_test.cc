// Tests of token kinds: what a token is depends on its text and on whether it goes on with a word.
#include "text/token_kind.h"

#include <gmock/gmock.h>

namespace pegbox::text {
namespace {

using enum TokenKind;

TEST(TokenKind, IsOfTheFirstSignBehindSpaces) {
  EXPECT_EQ(kind_of(" the", false), Word);
  EXPECT_EQ(kind_of(" the", true), Word) << "a space ends the word before";
  EXPECT_EQ(kind_of("ing", true), Continuation);
  EXPECT_EQ(kind_of("ing", false), Word) << "behind a bracket, or at the beginning";
  EXPECT_EQ(kind_of(" 1984", false), Digit);
  EXPECT_EQ(kind_of("3rd", true), Digit);
  EXPECT_EQ(kind_of(",", true), Punctuation);
  EXPECT_EQ(kind_of(" (the", false), Punctuation);
  EXPECT_EQ(kind_of("\n\n", false), Space);
  EXPECT_EQ(kind_of("", false), Special);
  EXPECT_EQ(kind_of("é", true), Continuation);
  EXPECT_EQ(kind_of("東", false), Word);
  EXPECT_EQ(kind_of("\xEF\xBF\xBD", false), Continuation) << "a part of a character";
}

TEST(TokenKind, AWordGoesOnBehindLettersAndDigits) {
  for (const char* piece : {"a", "the", "x1", "é"}) EXPECT_TRUE(ends_in_word(piece)) << piece;
  for (const char* piece : {"", " ", "a ", "(", "the,", "\n"}) EXPECT_FALSE(ends_in_word(piece)) << piece;
}

TEST(TokenKind, OfARowKnowsWhatStandsBefore) {
  const std::string text = "Sums (like 12+3) are easy, naïve 東京.";
  const auto tokenizer = Tokenizer::train_byte_level_bpe(std::vector<std::string>{text}, 257, "<|end|>");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  auto ids = *tokenizer->encode(text);  // bytes
  ASSERT_EQ(ids.size(), text.size());
  ids.push_back(0);
  const auto kinds = TokenKinds(*tokenizer, 0).of(ids);
  ASSERT_TRUE(kinds) << kinds.error().message;
  const auto at = [&](std::string_view part, std::size_t more = 0) { return (*kinds)[text.find(part) + more]; };
  EXPECT_EQ((*kinds)[0], Word);
  EXPECT_EQ((*kinds)[1], Continuation);
  EXPECT_EQ(at(" (like"), Space);
  EXPECT_EQ(at(" (like", 1), Punctuation);
  EXPECT_EQ(at(" (like", 2), Word) << "behind a bracket";
  EXPECT_EQ(at("12+3"), Digit);
  EXPECT_EQ(at("12+3", 2), Punctuation);
  EXPECT_EQ(at("12+3", 3), Digit);
  EXPECT_EQ(at("ïve"), Continuation) << "the first byte of two";
  EXPECT_EQ(kinds->back(), Special);
  EXPECT_FALSE(TokenKinds(*tokenizer, 0).of(std::vector<TokenId>{100000}));
}

}  // namespace
}  // namespace pegbox::text
