// TextStatistics: one pass over the words, one over the lines, one for each length of n-grams.
#include "text/text_statistics.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <span>
#include <vector>

#include "text/hash.h"
#include "text/utf8.h"
#include "text/words.h"

namespace pegbox::text {
namespace {

constexpr std::string_view kEllipsis = "\u2026";
constexpr std::int64_t kShortLineCharacters = 30;
constexpr std::array<std::string_view, 8> kStopWords = {"the", "be", "to", "of", "and", "that", "have", "with"};
constexpr std::array<std::string_view, 4> kBullets = {"\u2022", "\u2023", "-", "* "};
constexpr std::array<std::string_view, 10> kLineEnds = {".", "?", "!", "\"", "'", "\u201D", "\u2019", "。", "？", "！"};

bool is_space_byte(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::uint64_t hash_of(std::string_view text) {
  Fnv64 hash;
  hash.add(text);
  return mix_bits(hash.value());
}

double part_of_whole(double part, std::int64_t whole) { return whole > 0 ? part / static_cast<double>(whole) : 0; }

/// Counts of hashes, for one list after another.
class HashCounts {
 public:
  /// Forgets all; at most `most` hashes follow.
  void start(std::size_t most) { slots_.assign(std::bit_ceil(2 * most + 2), {}); }
  /// How often `hash` came before.
  std::int32_t add(std::uint64_t hash) {
    Slot& slot = slot_of(hash);
    slot.hash = hash;
    return slot.count++;
  }
  std::int32_t count(std::uint64_t hash) { return slot_of(hash).count; }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::int32_t count = 0;
  };
  Slot& slot_of(std::uint64_t hash) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at].count > 0 && slots_[at].hash != hash) at = (at + 1) & mask;
    return slots_[at];
  }
  std::vector<Slot> slots_;
};

struct Word {
  std::uint64_t hash = 0;
  std::int64_t characters = 0;
};

/// n-grams of words: a hash, and the length without the spaces between.
class Ngrams {
 public:
  Ngrams(std::span<const Word> words, std::size_t n) : words_(words), n_(n) {}
  std::size_t size() const { return words_.size() < n_ ? 0 : words_.size() - n_ + 1; }
  Word at(std::size_t i) const {
    Word gram;
    for (const Word& word : words_.subspan(i, n_)) {
      gram.hash = gram.hash * 0x9E3779B97F4A7C15ull + word.hash;
      gram.characters += word.characters;
    }
    gram.hash = mix_bits(gram.hash);
    return gram;
  }

 private:
  std::span<const Word> words_;
  std::size_t n_;
};

/// Characters of the n-gram that is there most often, with its spaces, of several the first; 0 if none is there twice.
std::int64_t top_characters(const Ngrams& grams, std::size_t n, HashCounts& counts) {
  counts.start(grams.size());
  std::int32_t most = 0;
  for (std::size_t i = 0; i < grams.size(); ++i) most = std::max(most, counts.add(grams.at(i).hash) + 1);
  if (most < 2) return 0;
  for (std::size_t i = 0;; ++i) {
    const Word gram = grams.at(i);
    if (counts.count(gram.hash) == most) return most * (gram.characters + static_cast<std::int64_t>(n) - 1);
  }
}

/// Characters of n-grams that are there before; none is counted in two of them.
std::int64_t repeated_characters(const Ngrams& grams, std::size_t n, HashCounts& counts) {
  counts.start(grams.size());
  std::int64_t characters = 0;
  for (std::size_t i = 0; i < grams.size();) {
    const Word gram = grams.at(i);
    const bool is_repeated = counts.add(gram.hash) > 0;
    if (is_repeated) characters += gram.characters;
    i += is_repeated ? n : 1;
  }
  return characters;
}

class StatisticsReader {
 public:
  explicit StatisticsReader(std::string_view text) : text_(text) { result_.characters = count(text); }

  TextStatistics read() {
    read_words();
    read_lines();
    read_paragraphs();
    read_ngrams();
    result_.has_lorem_ipsum = has_lorem();
    result_.has_curly_bracket = text_.find('{') != std::string_view::npos;
    return result_;
  }

 private:
  static std::int64_t count(std::string_view text) { return static_cast<std::int64_t>(count_characters(text)); }

  /// Whether a character of the word is a letter, or, with `digits_count`, a letter or digit.
  static bool has_letter(std::string_view word, bool digits_count) {
    for (std::size_t i = 0; i < word.size();) {
      const auto [code, bytes] = character_at(word, i);
      if (code >= 0x80 ? is_word_character(code) : std::isalpha(static_cast<int>(code)) != 0) return true;
      if (digits_count && code < 0x80 && std::isdigit(static_cast<int>(code))) return true;
      i += bytes;
    }
    return false;
  }

  static std::int64_t occurrences(std::string_view text, std::string_view mark) {
    std::int64_t found = 0;
    for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + mark.size()))
      ++found;
    return found;
  }

  void read_words() {
    std::int64_t characters = 0, alphabetic = 0;
    std::array<bool, kStopWords.size()> has_stop{};
    for (std::size_t i = 0; i < text_.size();) {
      if (is_space_byte(text_[i])) {
        ++i;
        continue;
      }
      const std::size_t start = i;
      while (i < text_.size() && !is_space_byte(text_[i])) ++i;
      const std::string_view word = text_.substr(start, i - start);
      words_.push_back({hash_of(word), count(word)});
      alphabetic += has_letter(word, /*digits_count=*/false);
      if (has_letter(word, /*digits_count=*/true)) {
        ++result_.words;
        characters += words_.back().characters;
      }
      result_.sentences += ends_sentence(word);
      for (std::size_t k = 0; k < kStopWords.size(); ++k) has_stop[k] = has_stop[k] || word == kStopWords[k];
    }
    const auto tokens = static_cast<std::int64_t>(words_.size());
    result_.mean_word_length = part_of_whole(static_cast<double>(characters), result_.words);
    result_.alphabetic_word_fraction = part_of_whole(static_cast<double>(alphabetic), tokens);
    result_.stop_words = std::ranges::count(has_stop, true);
    result_.hashes_per_word = part_of_whole(static_cast<double>(std::ranges::count(text_, '#')), tokens);
    const std::int64_t ellipses = occurrences(text_, "...") + occurrences(text_, kEllipsis);
    result_.ellipses_per_word = part_of_whole(static_cast<double>(ellipses), tokens);
  }

  static std::int64_t ends_sentence(std::string_view word) {
    constexpr std::array<std::string_view, 5> kCloses = {"\"", "'", ")", "\u201D", "\u2019"};
    for (bool has_cut = true; has_cut;) {
      has_cut = false;
      for (const std::string_view close : kCloses)
        if (word.size() > close.size() && word.ends_with(close)) {
          word.remove_suffix(close.size());
          has_cut = true;
        }
    }
    if (word.ends_with('.') || word.ends_with('?') || word.ends_with('!')) return 1;
    return occurrences(word, "。") + occurrences(word, "？") + occurrences(word, "！");
  }

  void read_lines() {
    std::int64_t bullets = 0, ellipses = 0, ended = 0, short_lines = 0, repeated = 0, characters = 0;
    result_.line_feeds = std::ranges::count(text_, '\n');
    counts_.start(static_cast<std::size_t>(result_.line_feeds) + 1);
    const auto starts = [](std::string_view line) {
      return std::ranges::any_of(kBullets, [&](std::string_view bullet) { return line.starts_with(bullet); });
    };
    const auto ends = [](std::string_view line) {
      return std::ranges::any_of(kLineEnds, [&](std::string_view end) { return line.ends_with(end); });
    };
    for (std::size_t start = 0; start < text_.size();) {
      const std::size_t end = std::min(text_.find('\n', start), text_.size());
      const std::string_view line = trimmed(text_.substr(start, end - start));
      start = end + 1;
      if (line.empty()) continue;
      ++result_.lines;
      bullets += starts(line);
      ellipses += line.ends_with("...") || line.ends_with(kEllipsis);
      ended += ends(line);
      short_lines += count(line) <= kShortLineCharacters;
      if (counts_.add(hash_of(line)) == 0) continue;
      ++repeated;
      characters += count(line);
    }
    result_.bullet_line_fraction = part_of_whole(static_cast<double>(bullets), result_.lines);
    result_.ellipsis_line_fraction = part_of_whole(static_cast<double>(ellipses), result_.lines);
    result_.ended_line_fraction = part_of_whole(static_cast<double>(ended), result_.lines);
    result_.short_line_fraction = part_of_whole(static_cast<double>(short_lines), result_.lines);
    result_.repeated_line_fraction = part_of_whole(static_cast<double>(repeated), result_.lines);
    result_.repeated_line_character_fraction = part_of_whole(static_cast<double>(characters), result_.characters);
  }

  void read_paragraphs() {
    std::int64_t paragraphs = 0, repeated = 0, characters = 0;
    counts_.start(static_cast<std::size_t>(result_.lines) + 1);
    for (std::size_t start = 0; start < text_.size();) {
      const std::size_t end = std::min(text_.find("\n\n", start), text_.size());
      const std::string_view paragraph = trimmed(text_.substr(start, end - start));
      start = end + 2;
      if (paragraph.empty()) continue;
      ++paragraphs;
      if (counts_.add(hash_of(paragraph)) == 0) continue;
      ++repeated;
      characters += count(paragraph);
    }
    result_.repeated_paragraph_fraction = part_of_whole(static_cast<double>(repeated), paragraphs);
    result_.repeated_paragraph_character_fraction = part_of_whole(static_cast<double>(characters), result_.characters);
  }

  void read_ngrams() {
    for (std::size_t i = 0; i < result_.top_ngram_fraction.size(); ++i) {
      const auto top = top_characters(Ngrams(words_, i + 2), i + 2, counts_);
      result_.top_ngram_fraction[i] = part_of_whole(static_cast<double>(top), result_.characters);
    }
    for (std::size_t i = 0; i < result_.repeated_ngram_fraction.size(); ++i) {
      const auto repeated = repeated_characters(Ngrams(words_, i + 5), i + 5, counts_);
      result_.repeated_ngram_fraction[i] = part_of_whole(static_cast<double>(repeated), result_.characters);
    }
  }

  bool has_lorem() const {
    constexpr std::string_view kLorem = "lorem ipsum";
    return !std::ranges::search(text_, kLorem, {}, [](char c) {
              return std::tolower(static_cast<unsigned char>(c));
            }).empty();
  }

  static std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space_byte(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space_byte(text.back())) text.remove_suffix(1);
    return text;
  }

  std::string_view text_;
  TextStatistics result_;
  std::vector<Word> words_;
  HashCounts counts_;
};

}  // namespace

TextStatistics statistics_of(std::string_view text) { return StatisticsReader(text).read(); }

}  // namespace pegbox::text
