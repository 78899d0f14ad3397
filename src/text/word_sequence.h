// WordSequence: a text as words with what stands between them, so that words can be changed and all else stays.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "text/span.h"

namespace pegbox::text {

class WordSequence {
 public:
  /// Words stand between white space (split_words). `text` is well-formed UTF-8.
  explicit WordSequence(std::string_view text);

  std::size_t size() const { return words_.size(); }
  const std::string& operator[](std::size_t i) const { return words_[i]; }
  std::string text() const;

  void replace(std::size_t i, std::string word) { words_[i] = std::move(word); }
  /// Takes a word away with the white space on one of its sides: a line break stays where the other side has none.
  void remove(std::size_t i);
  void insert(std::size_t i, std::string word);  ///< as the word of that number, a space after it
  /// Puts the last `theirs` words of `other` in the place of the last `own` ones, of which it has more.
  void replace_end(std::size_t own, const WordSequence& other, std::size_t theirs);

 private:
  std::vector<std::string> words_;
  std::vector<std::string> gaps_;  ///< [words + 1] what stands before each word, and after the last
};

/// The letters of a plain word, without the punctuation around them; empty unless it is one: letters of any script, and
/// hyphens and apostrophes among them. Numbers, addresses, placeholders, markup and code are none.
Span plain_word(std::string_view word);

}  // namespace pegbox::text
