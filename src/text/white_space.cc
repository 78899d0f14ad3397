// White space: see white_space.h.
#include "text/white_space.h"

#include <locale.h>
#include <cwctype>

#include "text/utf8.h"

namespace pegbox::text {

namespace {

/// The C library's Unicode tables, whatever the locale of the process; null if it has none.
locale_t unicode_tables() {
  static const locale_t tables = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return tables;
}

void append_lower(std::string& result, char32_t code) {
  constexpr char32_t kDottedCapitalI = 0x130, kDotAbove = 0x307;
  if (code == kDottedCapitalI) {  // the one character whose small letter is two
    result += 'i';
    append_character(result, kDotAbove);
    return;
  }
  append_character(result,
                   unicode_tables() == nullptr ? code : towlower_l(static_cast<wint_t>(code), unicode_tables()));
}

}  // namespace

bool is_white_space(char32_t code) {
  if (code < 0x80) return code == ' ' || (code >= 0x09 && code <= 0x0D) || (code >= 0x1C && code <= 0x1F);
  return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
         code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t begin = 0;  // of the word that is being read
  const auto end_word = [&](std::size_t end) {
    if (end > begin) words.push_back(text.substr(begin, end - begin));
  };
  for (std::size_t i = 0; i < text.size();) {
    const Character character = character_at(text, i);
    if (is_white_space(character.code)) {
      end_word(i);
      begin = i + character.bytes;
    }
    i += character.bytes;
  }
  end_word(text.size());
  return words;
}

std::string_view trimmed(std::string_view text) {
  const auto words = split_words(text);
  if (words.empty()) return {};
  return {words.front().data(),
          static_cast<std::size_t>(words.back().data() + words.back().size() - words.front().data())};
}

std::string lower_case(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const Character character = character_at(text, i);
    if (character.code < 0x80)
      result +=
          static_cast<char>(character.code >= 'A' && character.code <= 'Z' ? character.code + 32 : character.code);
    else
      append_lower(result, character.code);
    i += character.bytes;
  }
  return result;
}

}  // namespace pegbox::text
