// chrF: see chrf.h.
#include "text/chrf.h"

#include <span>
#include <vector>

#include "text/ngram_matches.h"
#include "text/utf8.h"
#include "text/white_space.h"

namespace pegbox::text {

namespace {

bool is_punctuation(char c) {  // Python's string.punctuation
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

std::vector<Symbol> characters_of(std::span<const std::string_view> words) {
  std::vector<Symbol> characters;
  for (const std::string_view word : words)
    for (std::size_t i = 0; i < word.size();) {
      const Character character = character_at(word, i);
      characters.push_back(static_cast<Symbol>(character.code));
      i += character.bytes;
    }
  return characters;
}

/// A word's last character stands alone if it is punctuation, else its first one.
std::vector<std::string_view> split_punctuation(std::span<const std::string_view> words) {
  std::vector<std::string_view> parts;
  for (const std::string_view word : words) {
    std::size_t cut = 0;
    if (count_characters(word) > 1) cut = is_punctuation(word.back()) ? word.size() - 1 : is_punctuation(word.front());
    if (cut > 0) parts.push_back(word.substr(0, cut));
    parts.push_back(word.substr(cut));
  }
  return parts;
}

/// The F-score of mean precision and mean recall over the orders that both texts have.
double f_score(std::span<const double> counts) {
  constexpr double kBetaSquared = 4;
  double precision = 0, recall = 0, orders = 0;
  for (std::size_t i = 0; i < counts.size(); i += 3) {
    if (counts[i] == 0 || counts[i + 1] == 0) continue;
    precision += counts[i + 2] / counts[i];
    recall += counts[i + 2] / counts[i + 1];
    ++orders;
  }
  if (precision + recall == 0) return 0;
  precision /= orders;
  recall /= orders;
  return 100 * (1 + kBetaSquared) * precision * recall / (kBetaSquared * precision + recall);
}

}  // namespace

ChrfCounts chrf_counts(std::string_view hypothesis, std::string_view reference) {
  const auto our_words = split_words(hypothesis), their_words = split_words(reference);
  ChrfCounts counts{};
  auto next = counts.begin();
  const auto add = [&](std::span<const Symbol> ours, std::span<const Symbol> theirs, std::size_t orders) {
    for (std::size_t n = 1; n <= orders; ++n) {
      const NgramMatches matches = match_ngrams(ours, theirs, n);
      // A hypothesis' runs of an order that the reference lacks do not count, as in sacreBLEU.
      *next++ = matches.reference > 0 ? static_cast<double>(matches.hypothesis) : 0;
      *next++ = static_cast<double>(matches.reference);
      *next++ = static_cast<double>(matches.both);
    }
  };
  add(characters_of(our_words), characters_of(their_words), kChrfCharacterOrder);
  SymbolTable table;
  const auto symbols = [&](std::span<const std::string_view> words) { return table.of(split_punctuation(words)); };
  const auto ours = symbols(our_words), theirs = symbols(their_words);
  add(ours, theirs, kChrfWordOrder);
  return counts;
}

double chrf(const ChrfCounts& counts) { return f_score(std::span(counts).first(3 * kChrfCharacterOrder)); }

double chrf_plus_plus(const ChrfCounts& counts) { return f_score(counts); }

}  // namespace pegbox::text
