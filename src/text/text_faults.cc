// Text faults found without a model.
#include "text/text_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "text/utf8.h"
#include "text/words.h"

namespace pegbox::text {
namespace {

/// Windows-1252's characters for the bytes 0x80 to 0x9F (Unicode's mapping table); 0 where it has none.
constexpr std::array<char32_t, 32> kWindows1252 = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                   0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                                   0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                   0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

/// The byte that Windows-1252 has for a character, or Latin-1 where it has none; nothing if it is neither's.
std::optional<unsigned char> byte_of(char32_t code) {
  if (code >= 0x80 && code <= 0xFF) return static_cast<unsigned char>(code);
  const auto found = std::ranges::find(kWindows1252, code);
  if (code == 0 || found == kWindows1252.end()) return std::nullopt;
  return static_cast<unsigned char>(0x80 + (found - kWindows1252.begin()));
}

/// Characters that stand after a capital letter by themselves: ellipsis, quotes, dashes, as Windows-1252 has them.
bool is_plain_mark(unsigned char byte) {
  return byte == 0x82 || byte == 0x84 || byte == 0x85 || (byte >= 0x91 && byte <= 0x97);
}

/// Guillemets, which may close a quotation after a capital: they are mojibake only where a word goes on behind them.
bool is_guillemet(unsigned char byte) { return byte == 0xAB || byte == 0xBB; }

/// Whether a letter stands at `offset`.
bool goes_on(std::string_view text, std::size_t offset) {
  return offset < text.size() && is_letter(character_at(text, offset).code);
}

/// The character that `bytes`, from a lead byte on, would be; nothing if they are no mojibake.
std::optional<std::string_view> misread(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || bytes.size() < length) return std::nullopt;
  bytes = bytes.substr(0, length);
  if (first_invalid_utf8(bytes)) return std::nullopt;
  if (length == 2 && (lead > 0xC3 || is_plain_mark(static_cast<unsigned char>(bytes[1])))) return std::nullopt;
  return bytes;
}

bool is_control(char32_t code) {
  if (code < 0x20) return code != '\t' && code != '\n' && code != '\r' && code != '\f';
  return code >= 0x7F && code < 0xA0;
}

std::size_t count_words(std::string_view text) {
  std::size_t words = 0;
  bool is_within = false;
  for (const char c : text) {
    const bool is_space = c == ' ' || (c >= '\t' && c <= '\r');
    words += !is_space && !is_within;
    is_within = !is_space;
  }
  return words;
}

}  // namespace

std::optional<std::string> find_mojibake(std::string_view text) {
  constexpr std::size_t kMostBytes = 4;
  for (std::size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0xC3) {  // no character below U+00C0 can be a lead byte
      ++i;
      continue;
    }
    std::string bytes;
    std::size_t at = i;
    for (std::size_t k = 0; k < kMostBytes && at < text.size(); ++k) {
      const Character character = character_at(text, at);
      const auto byte = byte_of(character.code);
      if (!byte) break;
      bytes += static_cast<char>(*byte);
      at += character.bytes;
    }
    if (!bytes.empty())
      if (const auto meant = misread(bytes)) {
        std::size_t end = i;
        for (std::size_t k = 0; k < meant->size(); ++k) end += character_at(text, end).bytes;
        const bool is_close = meant->size() == 2 && is_guillemet(static_cast<unsigned char>((*meant)[1]));
        if (!is_close || goes_on(text, end)) return fmt::format("{} for {}", text.substr(i, end - i), *meant);
      }
    i += character_at(text, i).bytes;
  }
  return std::nullopt;
}

std::optional<std::string> find_garbling(std::string_view text) {
  std::size_t replacements = 0, controls = 0;
  char32_t first_control = 0;
  for (std::size_t i = 0; i < text.size();) {
    const Character character = character_at(text, i);
    i += character.bytes;
    replacements += character.code == 0xFFFD;
    if (!is_control(character.code)) continue;
    if (controls++ == 0) first_control = character.code;
  }
  if (replacements > 0) return fmt::format("{} replacement characters (U+FFFD)", replacements);
  if (controls > 0)
    return fmt::format("{} control characters, the first U+{:04X}", controls, static_cast<unsigned>(first_control));
  return std::nullopt;
}

std::optional<std::string> find_cut(std::string_view text) {
  constexpr std::string_view kFence = "```";
  constexpr std::size_t kLeastWords = 20;
  std::size_t fences = 0;
  for (std::size_t at = text.find(kFence); at != std::string_view::npos; at = text.find(kFence, at + kFence.size()))
    ++fences;
  if (fences % 2 == 1) return "a code fence is never closed";
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos || count_words(text) < kLeastWords) return std::nullopt;
  const std::string_view body = text.substr(0, last + 1);
  for (const std::string_view end : {",", "-", "(", "[", "{", "[...]", "[\u2026]"})
    if (body.ends_with(end)) return fmt::format("it ends with {}", end);
  return std::nullopt;
}

std::string describe_bad_bytes(std::string_view bytes, std::size_t offset) {
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) return "a byte order mark of UTF-16";
  const auto byte = static_cast<unsigned char>(bytes[offset]);
  return fmt::format("byte 0x{:02X} at offset {}{}", byte, offset,
                     byte >= 0xA0   ? ", perhaps Latin-1"
                     : byte >= 0x80 ? ", perhaps Windows-1252"
                                    : "");
}

}  // namespace pegbox::text
