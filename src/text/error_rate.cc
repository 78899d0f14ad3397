// Error rates: see error_rate.h.
#include "text/error_rate.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "text/ngram_matches.h"
#include "text/utf8.h"
#include "text/white_space.h"

namespace pegbox::text {

namespace {

/// Wagner and Fischer 1974, one row of the table at a time.
EditCounts edits_of(const std::vector<Symbol>& hypothesis, const std::vector<Symbol>& reference) {
  std::vector<std::int64_t> row(hypothesis.size() + 1);  // edits to beginnings of the hypothesis
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < reference.size(); ++i) {
    std::int64_t diagonal = row[0]++;
    for (std::size_t j = 0; j < hypothesis.size(); ++j) {
      const std::int64_t substituted = diagonal + (reference[i] != hypothesis[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
    }
  }
  return {row.back(), std::ssize(reference)};
}

std::vector<Symbol> code_points(std::string_view text) {
  std::vector<Symbol> codes;
  for (std::size_t i = 0; i < text.size();) {
    const Character character = character_at(text, i);
    codes.push_back(static_cast<Symbol>(character.code));
    i += character.bytes;
  }
  return codes;
}

}  // namespace

EditCounts word_edits(std::string_view hypothesis, std::string_view reference) {
  SymbolTable table;
  const auto ours = table.of(split_words(hypothesis)), theirs = table.of(split_words(reference));
  return edits_of(ours, theirs);
}

EditCounts character_edits(std::string_view hypothesis, std::string_view reference) {
  return edits_of(code_points(trimmed(hypothesis)), code_points(trimmed(reference)));
}

}  // namespace pegbox::text
