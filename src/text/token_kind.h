// TokenKind: what sort of text a token of a row stands for, so that losses can be told apart by it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/tokenizer.h"

namespace pegbox::text {

enum class TokenKind : std::uint8_t {
  Word,          ///< a word, or its beginning
  Continuation,  ///< more of the word that the token before ended in, or a part of a character
  Digit,         ///< begins with a digit, behind spaces or not
  Punctuation,   ///< begins with a sign that is none of these
  Space,         ///< white space alone
  Special,       ///< the end token, and others without text
};

inline constexpr std::array<std::string_view, 6> kTokenKindNames = {"word",        "continuation", "digit",
                                                                    "punctuation", "space",        "special"};

/// Of a piece of text. `in_word`: what stands before it ends in a word.
TokenKind kind_of(std::string_view piece, bool in_word);

/// Whether a piece ends in a letter or digit, so that letters behind it go on with the word.
bool ends_in_word(std::string_view piece);

class TokenKinds {
 public:
  /// `tokenizer` outlives it.
  TokenKinds(const Tokenizer& tokenizer, TokenId end_token) : tokenizer_(tokenizer), end_token_(end_token) {}

  /// Of each token of a row. InvalidInput for an id outside the vocabulary.
  Result<std::vector<TokenKind>> of(std::span<const TokenId> row);

 private:
  /// What a token adds to a text that it does not begin; empty if it has none.
  Result<std::string_view> piece(TokenId id);

  const Tokenizer& tokenizer_;
  TokenId end_token_;
  std::map<TokenId, std::string> pieces_;
};

}  // namespace pegbox::text
