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

}  // namespace pegbox::text
