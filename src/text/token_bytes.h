// TokenBytes: how many bytes of text each token of a tokenizer stands for, so that losses of models with different
// tokenizers can be compared.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "text/tokenizer.h"

namespace pegbox::text {

/// The text that a token adds to one that it stands in, not at its beginning; a part of a character is U+FFFD.
/// InvalidInput for an id outside the vocabulary.
Result<std::string> token_text(const Tokenizer& tokenizer, TokenId id);

class TokenBytes {
 public:
  /// `tokenizer` outlives it.
  explicit TokenBytes(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  /// Bytes that the token adds to a text that it stands in, not at its beginning. A token that holds a part of a
  /// character counts the bytes of the part. InvalidInput for an id outside the vocabulary.
  Result<std::int64_t> of(TokenId id);

 private:
  Result<std::int64_t> measure(TokenId id) const;

  const Tokenizer& tokenizer_;
  std::map<TokenId, std::int64_t> known_;
};

}  // namespace pegbox::text
