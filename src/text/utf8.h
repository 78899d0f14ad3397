// UTF-8: whether bytes are it, and the characters in it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pegbox::text {

/// The offset of the first byte that is not part of well-formed UTF-8 (Unicode 15, table 3-7); nothing if all are.
std::optional<std::size_t> first_invalid_utf8(std::string_view bytes);

/// Whether a character begins at `offset` of well-formed UTF-8, or it is the end.
inline bool is_character_start(std::string_view text, std::size_t offset) {
  return offset >= text.size() || (static_cast<unsigned char>(text[offset]) & 0xC0) != 0x80;
}

/// Nothing, or ASCII white space only.
inline bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos; }

struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
};

/// The character that begins at `offset` of well-formed UTF-8.
Character character_at(std::string_view text, std::size_t offset);

void append_character(std::string& text, char32_t code);

/// How many characters well-formed UTF-8 has.
inline std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (const char byte : text) count += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  return count;
}

}  // namespace pegbox::text
