// WordSequence: see word_sequence.h.
#include "text/word_sequence.h"

#include <algorithm>

#include "text/utf8.h"
#include "text/white_space.h"
#include "text/words.h"

namespace pegbox::text {
namespace {

constexpr std::string_view kInnerMarks = "-'", kOuterMarks = ".,;:!?\"'()-";

bool is_among(char32_t code, std::string_view marks) {
  return code < 0x80 && marks.find(static_cast<char>(code)) != std::string_view::npos;
}

/// Quotes, dashes and the like beyond ASCII are marks too.
bool is_outer_mark(char32_t code) { return is_among(code, kOuterMarks) || (code >= 0x80 && !is_letter(code)); }

bool is_inner(char32_t code) {
  constexpr char32_t kApostrophe = 0x2019;
  return is_letter(code) || is_among(code, kInnerMarks) || code == kApostrophe;
}

bool has_line_break(std::string_view gap) { return gap.find('\n') != std::string_view::npos; }

}  // namespace

WordSequence::WordSequence(std::string_view text) {
  std::size_t end = 0;
  for (const std::string_view word : split_words(text)) {
    const auto begin = static_cast<std::size_t>(word.data() - text.data());
    gaps_.emplace_back(text.substr(end, begin - end));
    words_.emplace_back(word);
    end = begin + word.size();
  }
  gaps_.emplace_back(text.substr(end));
}

std::string WordSequence::text() const {
  std::string text;
  for (std::size_t i = 0; i < words_.size(); ++i) text.append(gaps_[i]).append(words_[i]);
  return text += gaps_.back();
}

void WordSequence::remove(std::size_t i) {
  const bool is_last = i + 1 == words_.size();
  const bool breaks_before = has_line_break(gaps_[i]) && !has_line_break(gaps_[i + 1]);
  const std::size_t gap = i == 0 || (breaks_before && !is_last) ? i + 1 : i;
  words_.erase(words_.begin() + static_cast<std::ptrdiff_t>(i));
  gaps_.erase(gaps_.begin() + static_cast<std::ptrdiff_t>(gap));
}

void WordSequence::insert(std::size_t i, std::string word) {
  const auto place = static_cast<std::ptrdiff_t>(i);
  words_.insert(words_.begin() + place, std::move(word));
  gaps_.insert(gaps_.begin() + place + (i + 1 < words_.size() ? 1 : 0), " ");
}

void WordSequence::replace_end(std::size_t own, const WordSequence& other, std::size_t theirs) {
  const std::string end = gaps_.back();
  words_.resize(words_.size() - own);
  gaps_.resize(words_.size());
  for (std::size_t i = other.size() - theirs; i < other.size(); ++i) {
    gaps_.push_back(i == 0 ? " " : other.gaps_[i]);
    words_.push_back(other.words_[i]);
  }
  gaps_.push_back(end);
}

Span plain_word(std::string_view word) {
  std::size_t begin = word.size(), end = 0;
  for (std::size_t i = 0; i < word.size();) {
    const Character character = character_at(word, i);
    if (is_letter(character.code)) {
      begin = std::min(begin, i);
      end = i + character.bytes;
    }
    i += character.bytes;
  }
  for (std::size_t i = 0; i < word.size();) {
    const Character character = character_at(word, i);
    const bool is_inside = i >= begin && i < end;
    if (!(is_inside ? is_inner(character.code) : is_outer_mark(character.code))) return {};
    i += character.bytes;
  }
  return begin < end ? Span{begin, end} : Span{};
}

}  // namespace pegbox::text
