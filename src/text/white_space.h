// White space and small letters as Python's str.split() and str.lower() have them, on which metrics of text stand.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pegbox::text {

/// str.isspace(): the spaces, separators and control characters of all of Unicode that separate words.
bool is_white_space(char32_t code);

/// str.split(): the pieces of well-formed UTF-8 between white space, none of them empty. They point into `text`.
std::vector<std::string_view> split_words(std::string_view text);

/// The text without the white space at its ends.
std::string_view trimmed(std::string_view text);

/// str.lower(), but for a sigma at the end of a word, which becomes one inside a word here.
std::string lower_case(std::string_view text);

}  // namespace pegbox::text
