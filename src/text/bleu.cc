// BLEU: see bleu.h.
#include "text/bleu.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>

#include "text/ngram_matches.h"
#include "text/white_space.h"

namespace pegbox::text {

namespace {

struct Replacement {
  const char* found;
  const char* by;
};

/// In this order: mteval-v13a.pl's.
constexpr std::array<Replacement, 7> kEntities = {
    {{"<skipped>", ""}, {"-\n", ""}, {"\n", " "}, {"&quot;", "\""}, {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}}};

void replace_all(std::string& text, std::string_view found, std::string_view by) {
  for (std::size_t at = text.find(found); at != std::string::npos; at = text.find(found, at + by.size()))
    text.replace(at, found.size(), by);
}

void separate_punctuation(std::string& text) {
  static const RE2 symbol(R"(([{-~\[-` -&(-+:-@/]))"), mark_after_other(R"(([^0-9])([.,]))"),
      mark_before_other(R"(([.,])([^0-9]))"), dash_after_digit("([0-9])(-)");
  RE2::GlobalReplace(&text, symbol, R"( \1 )");
  RE2::GlobalReplace(&text, mark_after_other, R"(\1 \2 )");
  RE2::GlobalReplace(&text, mark_before_other, R"( \1 \2)");
  RE2::GlobalReplace(&text, dash_after_digit, R"(\1 \2 )");
}

}  // namespace

std::vector<std::string> tokenize_13a(std::string_view text) {
  const std::string_view whole = trimmed(text);  // a line's beginning matters to no rule below but the entities'
  std::string line(text.substr(0, whole.empty() ? 0 : static_cast<std::size_t>(whole.end() - text.begin())));
  for (const auto& [found, by] : kEntities) replace_all(line, found, by);
  line = " " + line + " ";
  separate_punctuation(line);
  const auto words = split_words(line);
  return {words.begin(), words.end()};
}

BleuCounts bleu_counts(std::string_view hypothesis, std::string_view reference) {
  SymbolTable table;
  const auto symbols = [&](std::string_view text) {
    std::vector<Symbol> words;
    for (const std::string& word : tokenize_13a(text)) words.push_back(table.of(word));
    return words;
  };
  const auto ours = symbols(hypothesis), theirs = symbols(reference);
  BleuCounts counts{static_cast<double>(ours.size()), static_cast<double>(theirs.size())};
  for (std::size_t n = 1; n <= kBleuOrder; ++n) {
    const NgramMatches matches = match_ngrams(ours, theirs, n);
    counts[1 + n] = static_cast<double>(matches.both);
    counts[1 + kBleuOrder + n] = static_cast<double>(matches.hypothesis);
  }
  return counts;
}

double bleu(const BleuCounts& counts) {
  const double ours = counts[0], theirs = counts[1];
  const auto right = counts.begin() + 2, all = right + kBleuOrder;
  if (std::all_of(right, all, [](double count) { return count == 0; })) return 0;
  double logarithms = 0, smoothing = 1;
  for (std::size_t n = 0; n < kBleuOrder; ++n) {
    if (all[n] == 0) return 0;  // no text has so many words
    if (right[n] == 0) smoothing *= 2;
    logarithms += std::log(100 * (right[n] == 0 ? 1 / smoothing : right[n]) / all[n]);
  }
  const double brevity = ours < theirs ? std::exp(1 - theirs / ours) : 1;
  return brevity * std::exp(logarithms / kBleuOrder);
}

}  // namespace pegbox::text
