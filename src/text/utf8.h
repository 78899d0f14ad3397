// UTF-8: whether bytes are it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace pegbox::text {

/// The offset of the first byte that is not part of well-formed UTF-8 (Unicode 15, table 3-7); nothing if all are.
std::optional<std::size_t> first_invalid_utf8(std::string_view bytes);

/// Whether a character begins at `offset` of well-formed UTF-8, or it is the end.
inline bool is_character_start(std::string_view text, std::size_t offset) {
  return offset >= text.size() || (static_cast<unsigned char>(text[offset]) & 0xC0) != 0x80;
}

}  // namespace pegbox::text
