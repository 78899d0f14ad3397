// TokenBytes: see token_bytes.h.
#include "text/token_bytes.h"

#include <algorithm>

#include "text/utf8.h"

namespace pegbox::text {

Result<std::string> token_text(const Tokenizer& tokenizer, TokenId id) {
  // Decoders drop a space at the beginning of a text, so the token is looked at behind another one.
  PEGBOX_TRY(const auto before, tokenizer.encode("a"));
  std::vector<TokenId> both = before;
  both.push_back(id);
  PEGBOX_TRY(const std::string alone, tokenizer.decode(before));
  PEGBOX_TRY(const std::string text, tokenizer.decode(both));
  return text.substr(std::min(text.size(), alone.size()));
}

Result<std::int64_t> TokenBytes::measure(TokenId id) const {
  PEGBOX_TRY(const std::string text, token_text(tokenizer_, id));
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  if (text.find(kReplacement) == std::string::npos) return static_cast<std::int64_t>(text.size());
  const std::string written = tokenizer_.token(id).value_or("");
  if (written.starts_with("<0x")) return 1;                     // a byte that stands for itself
  return static_cast<std::int64_t>(count_characters(written));  // byte-level BPE writes each byte as one character
}

Result<std::int64_t> TokenBytes::of(TokenId id) {
  const auto found = known_.find(id);
  if (found != known_.end()) return found->second;
  PEGBOX_TRY(const std::int64_t bytes, measure(id));
  known_[id] = bytes;
  return bytes;
}

}  // namespace pegbox::text
