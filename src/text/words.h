// Words: a text as its words, or as hashes of them, for comparing texts by what they say and not by how they are set.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pegbox::text {

/// Spreads the bits of a number over all of it: the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
constexpr std::uint64_t mix_bits(std::uint64_t value) {
  value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9ull;
  value = (value ^ value >> 27) * 0x94D049BB133111EBull;
  return value ^ value >> 31;
}

/// Whether a character beyond ASCII is part of a word: a letter, digit or mark of any script; not punctuation, symbols
/// and spaces.
bool is_word_character(char32_t code);

/// A letter: of ASCII's, or any character beyond ASCII that is part of a word.
inline bool is_letter(char32_t code) {
  return code < 0x80 ? (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') : is_word_character(code);
}

/// Replaces `words` by a hash of each word of `text` (UTF-8), in order. A word is a run of letters and digits, in any
/// script, with A to Z as a to z; characters of scripts that put no spaces between words (Chinese, Japanese, Thai, ...)
/// are a word each. White space and punctuation only separate.
void hash_words(std::string_view text, std::vector<std::uint64_t>& words);

/// The same words themselves, in order.
std::vector<std::string> list_words(std::string_view text);

}  // namespace pegbox::text
