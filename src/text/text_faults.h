// Text faults: signs that a text was damaged on its way: read in a wrong encoding, filled with replacement characters,
// cut.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pegbox::text {

/// UTF-8 that was taken for Windows-1252 and written as UTF-8 once more: "Ã©" for "é", "â€™" for an apostrophe. What
/// is wrong, in words, for the first such place; nothing if there is none. A run of characters counts if their bytes in
/// Windows-1252 are one character of UTF-8, of two bytes only where these stand for a character below U+0100 and the
/// second is not a quotation mark or dash, which may follow a capital by itself; guillemets may where a word ends
/// there.
std::optional<std::string> find_mojibake(std::string_view text);

/// Replacement characters (U+FFFD), and control characters other than tab, line feed, carriage return and form feed.
std::optional<std::string> find_garbling(std::string_view text);

/// A code fence that is never closed; or a text of at least 20 words whose end is a comma, a hyphen, an opening bracket
/// or "[...]".
std::optional<std::string> find_cut(std::string_view text);

/// What bytes that are not UTF-8 may be: "UTF-16", or "byte 0xE9 at offset 12, perhaps Latin-1"; `offset`: of the first
/// that is not.
std::string describe_bad_bytes(std::string_view bytes, std::size_t offset);

}  // namespace pegbox::text
