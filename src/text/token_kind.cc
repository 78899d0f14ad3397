// TokenKind: see token_kind.h.
#include "text/token_kind.h"

#include <utility>

#include "text/token_bytes.h"
#include "text/utf8.h"
#include "text/words.h"

namespace pegbox::text {

namespace {

bool begins_number(char32_t code) { return code >= U'0' && code <= U'9'; }

bool is_of_word(char32_t code) {
  if (code < 0x80) return (code >= U'a' && code <= U'z') || (code >= U'A' && code <= U'Z');
  return is_word_character(code);
}

constexpr char32_t kPartOfCharacter = 0xFFFD;  // what a part of a character is decoded as

}  // namespace

TokenKind kind_of(std::string_view piece, bool in_word) {
  if (piece.empty()) return TokenKind::Special;
  const std::size_t begin = piece.find_first_not_of(" \t\r\n\f\v");
  if (begin == std::string_view::npos) return TokenKind::Space;
  const char32_t code = character_at(piece, begin).code;
  if (code == kPartOfCharacter) return TokenKind::Continuation;
  if (begins_number(code)) return TokenKind::Digit;
  if (!is_of_word(code)) return TokenKind::Punctuation;
  return in_word && begin == 0 ? TokenKind::Continuation : TokenKind::Word;
}

bool ends_in_word(std::string_view piece) {
  if (piece.empty()) return false;
  std::size_t last = piece.size() - 1;
  while (last > 0 && !is_character_start(piece, last)) --last;
  const char32_t code = character_at(piece, last).code;
  return code == kPartOfCharacter || begins_number(code) || is_of_word(code);
}

Result<std::string_view> TokenKinds::piece(TokenId id) {
  const auto known = pieces_.find(id);
  if (known != pieces_.end()) return std::string_view(known->second);
  PEGBOX_TRY(std::string text, id == end_token_ ? Result<std::string>() : token_text(tokenizer_, id));
  return std::string_view(pieces_[id] = std::move(text));
}

Result<std::vector<TokenKind>> TokenKinds::of(std::span<const TokenId> row) {
  std::vector<TokenKind> kinds;
  bool in_word = false;
  for (const TokenId id : row) {
    PEGBOX_TRY(const std::string_view text, piece(id));
    kinds.push_back(kind_of(text, in_word));
    in_word = ends_in_word(text);
  }
  return kinds;
}

}  // namespace pegbox::text
