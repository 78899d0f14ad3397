// NgramMatches: how many runs of n symbols two sequences have in common, for metrics that compare texts.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pegbox::text {

using Symbol = std::uint32_t;

/// Numbers for strings: equal strings have equal numbers.
class SymbolTable {
 public:
  Symbol of(std::string_view text);
  std::vector<Symbol> of(std::span<const std::string_view> texts);

 private:
  std::map<std::string, Symbol, std::less<>> numbers_;
};

struct NgramMatches {
  std::int64_t hypothesis = 0, reference = 0;  ///< runs in each, repetitions counted
  std::int64_t both = 0;                       ///< each run as often as the sequence has it that has fewer of it
};

/// `n` is at least 1.
NgramMatches match_ngrams(std::span<const Symbol> hypothesis, std::span<const Symbol> reference, std::size_t n);

/// 2 p r / (p + r); 0 if both are.
double f1_of(double precision, double recall);

}  // namespace pegbox::text
