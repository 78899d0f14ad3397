// TokenBytes: see token_bytes.h.
#include "text/token_bytes.h"

#include "text/utf8.h"

namespace pegbox::text {

Result<std::int64_t> TokenBytes::measure(TokenId id) const {
  // Decoders drop a space at the beginning of a text, so the token is looked at behind another one.
  PEGBOX_TRY(const auto before, tokenizer_.encode("a"));
  std::vector<TokenId> both = before;
  both.push_back(id);
  PEGBOX_TRY(const std::string alone, tokenizer_.decode(before));
  PEGBOX_TRY(const std::string text, tokenizer_.decode(both));
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  if (text.find(kReplacement) == std::string::npos)
    return static_cast<std::int64_t>(text.size()) - static_cast<std::int64_t>(alone.size());
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
