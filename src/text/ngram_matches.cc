// NgramMatches: see ngram_matches.h.
#include "text/ngram_matches.h"

#include <algorithm>
#include <compare>

namespace pegbox::text {

namespace {

/// All runs of n symbols, sorted.
std::vector<std::span<const Symbol>> sorted_ngrams(std::span<const Symbol> symbols, std::size_t n) {
  std::vector<std::span<const Symbol>> ngrams;
  for (std::size_t i = 0; i + n <= symbols.size(); ++i) ngrams.push_back(symbols.subspan(i, n));
  std::ranges::sort(ngrams, [](auto a, auto b) { return std::ranges::lexicographical_compare(a, b); });
  return ngrams;
}

}  // namespace

Symbol SymbolTable::of(std::string_view text) {
  const auto found = numbers_.find(text);
  if (found != numbers_.end()) return found->second;
  return numbers_.emplace(text, static_cast<Symbol>(numbers_.size())).first->second;
}

std::vector<Symbol> SymbolTable::of(std::span<const std::string_view> texts) {
  std::vector<Symbol> symbols;
  for (const std::string_view text : texts) symbols.push_back(of(text));
  return symbols;
}

NgramMatches match_ngrams(std::span<const Symbol> hypothesis, std::span<const Symbol> reference, std::size_t n) {
  const auto ours = sorted_ngrams(hypothesis, n), theirs = sorted_ngrams(reference, n);
  NgramMatches result{std::ssize(ours), std::ssize(theirs), 0};
  for (std::size_t i = 0, j = 0; i < ours.size() && j < theirs.size();) {
    const auto order =
        std::lexicographical_compare_three_way(ours[i].begin(), ours[i].end(), theirs[j].begin(), theirs[j].end());
    result.both += order == 0;
    i += order <= 0;
    j += order >= 0;
  }
  return result;
}

double f1_of(double precision, double recall) {
  return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
}

}  // namespace pegbox::text
