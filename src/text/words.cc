// Words found by the ranges of Unicode's blocks.
#include "text/words.h"

#include <algorithm>
#include <array>
#include <utility>

#include "text/hash.h"
#include "text/utf8.h"

namespace pegbox::text {
namespace {

struct CodeRange {
  char32_t first, last;
};

/// Blocks of characters that only separate words: punctuation, symbols, spaces.
constexpr std::array<CodeRange, 10> kSeparators = {{{0x80, 0xA9},
                                                    {0xAB, 0xB4},
                                                    {0xB6, 0xB9},
                                                    {0xBB, 0xBF},
                                                    {0xD7, 0xD7},
                                                    {0xF7, 0xF7},
                                                    {0x2000, 0x2BFF},
                                                    {0x3000, 0x303F},
                                                    {0xFE10, 0xFE4F},
                                                    {0xFF00, 0xFF0F}}};

/// Blocks of scripts that are written without spaces: South-East Asian ones, kana, ideographs.
constexpr std::array<CodeRange, 7> kUnspaced = {{{0x0E00, 0x0EFF},
                                                 {0x1000, 0x109F},
                                                 {0x1780, 0x17FF},
                                                 {0x3040, 0x30FF},
                                                 {0x3400, 0x9FFF},
                                                 {0xF900, 0xFAFF},
                                                 {0x20000, 0x3FFFF}}};

template <std::size_t n>
bool is_within(char32_t code, const std::array<CodeRange, n>& ranges) {
  return std::ranges::any_of(ranges, [&](const CodeRange& range) { return code >= range.first && code <= range.last; });
}

/// Collects the bytes of the word that is being read.
class WordHasher {
 public:
  explicit WordHasher(std::vector<std::uint64_t>& words) : words_(words) { words_.clear(); }
  void add(unsigned char byte) {
    hash_.add_byte(byte);
    is_within_word_ = true;
  }
  void end_word() {
    if (is_within_word_) words_.push_back(mix_bits(hash_.value()));
    hash_ = Fnv64();
    is_within_word_ = false;
  }

 private:
  std::vector<std::uint64_t>& words_;
  Fnv64 hash_;
  bool is_within_word_ = false;
};

/// Keeps the word that is being read.
struct WordLister {
  void add(unsigned char byte) { word += static_cast<char>(byte); }
  void end_word() {
    if (!word.empty()) words.push_back(std::exchange(word, {}));
  }

  std::string word;
  std::vector<std::string> words;
};

/// Gives `sink` the bytes of each word, and says where one ends; also where there is none.
template <class Sink>
void walk_words(std::string_view text, Sink& sink) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      const bool is_capital = byte >= 'A' && byte <= 'Z';
      if (is_capital || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9'))
        sink.add(is_capital ? byte + ('a' - 'A') : byte);
      else
        sink.end_word();
      ++i;
      continue;
    }
    const Character character = character_at(text, i);
    const bool is_alone = is_within(character.code, kUnspaced);
    const bool is_part = is_word_character(character.code);
    if (is_alone || !is_part) sink.end_word();
    if (is_part)
      for (std::size_t k = 0; k < character.bytes; ++k) sink.add(static_cast<unsigned char>(text[i + k]));
    if (is_alone) sink.end_word();
    i += character.bytes;
  }
  sink.end_word();
}

}  // namespace

bool is_word_character(char32_t code) { return !is_within(code, kSeparators); }

void hash_words(std::string_view text, std::vector<std::uint64_t>& words) {
  WordHasher hasher(words);
  walk_words(text, hasher);
}

std::vector<std::string> list_words(std::string_view text) {
  WordLister lister;
  walk_words(text, lister);
  return std::move(lister.words);
}

}  // namespace pegbox::text
