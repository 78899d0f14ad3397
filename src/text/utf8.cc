// UTF-8 checked byte by byte, eight at a time where all are ASCII.
#include "text/utf8.h"

#include <cstdint>
#include <cstring>

namespace pegbox::text {
namespace {

struct Lead {
  std::size_t length;            // bytes of the character; 0: no character begins so
  unsigned char second_lowest;   // least second byte
  unsigned char second_highest;  // greatest second byte
};

Lead lead_of(unsigned char byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2) return {0, 0, 0};  // a continuation, or an overlong form
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};  // no surrogates
  if (byte < 0xF0) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

bool is_ascii_block(const char* bytes) {
  std::uint64_t block;
  std::memcpy(&block, bytes, sizeof block);
  return (block & 0x8080808080808080ull) == 0;
}

}  // namespace

std::optional<std::size_t> first_invalid_utf8(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  std::size_t i = 0;
  while (i < bytes.size()) {
    if (i + 8 <= bytes.size() && is_ascii_block(bytes.data() + i)) {
      i += 8;
      continue;
    }
    const Lead lead = lead_of(at(i));
    if (lead.length == 0 || i + lead.length > bytes.size()) return i;
    if (lead.length > 1 && (at(i + 1) < lead.second_lowest || at(i + 1) > lead.second_highest)) return i;
    for (std::size_t k = 2; k < lead.length; ++k)
      if ((at(i + k) & 0xC0) != 0x80) return i;
    i += lead.length;
  }
  return std::nullopt;
}

Character character_at(std::string_view text, std::size_t offset) {
  const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[offset + i])); };
  const std::size_t length = lead_of(static_cast<unsigned char>(text[offset])).length;
  if (length <= 1) return {byte(0), 1};
  char32_t code = byte(0) & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (byte(i) & 0x3F);
  return {code, length};
}

void append_character(std::string& text, char32_t code) {
  const int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;  // continuation bytes
  constexpr unsigned char kLeads[] = {0x00, 0xC0, 0xE0, 0xF0};
  text += static_cast<char>(kLeads[more] | code >> (6 * more));
  for (int i = more - 1; i >= 0; --i) text += static_cast<char>(0x80 | (code >> (6 * i) & 0x3F));
}

}  // namespace pegbox::text
