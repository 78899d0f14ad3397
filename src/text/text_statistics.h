// TextStatistics: numbers of one text that rules of quality are about.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pegbox::text {

/// Fractions are in [0, 1]; those of characters are of all characters of the text. A word is what stands between white
/// space; a line ends with a line feed, empty ones do not count; paragraphs stand between empty lines. Where a paper
/// leaves open how something is counted, it is counted as datatrove does, with which FineWeb was made.
struct TextStatistics {
  std::int64_t characters = 0;  ///< of Unicode
  std::int64_t words = 0;       ///< those that are not punctuation alone
  double mean_word_length = 0;  ///< of these: characters

  double hashes_per_word = 0;           ///< "#"
  double ellipses_per_word = 0;         ///< "..." and U+2026
  double alphabetic_word_fraction = 0;  ///< words with a letter
  std::int64_t stop_words = 0;          ///< how many of the, be, to, of, and, that, have, with it has

  std::int64_t lines = 0;
  std::int64_t line_feeds = 0;
  double bullet_line_fraction = 0;    ///< lines that begin with a bullet
  double ellipsis_line_fraction = 0;  ///< lines that end with an ellipsis
  double ended_line_fraction = 0;     ///< lines that end with . ? ! or a quote
  double short_line_fraction = 0;     ///< lines of at most 30 characters

  double repeated_line_fraction = 0;  ///< lines that are there before
  double repeated_line_character_fraction = 0;
  double repeated_paragraph_fraction = 0;
  double repeated_paragraph_character_fraction = 0;
  std::array<double, 3> top_ngram_fraction{};  ///< characters of the most frequent 2-, 3- and 4-gram of words
  std::array<double, 6>
      repeated_ngram_fraction{};  ///< characters, without spaces, of 5- to 10-grams that are there before

  std::int64_t sentences = 0;  ///< ends of sentences: . ? ! before white space, a quote or the end; or 。？！
  bool has_lorem_ipsum = false;
  bool has_curly_bracket = false;
};

/// `text` is well-formed UTF-8.
TextStatistics statistics_of(std::string_view text);

}  // namespace pegbox::text
