// Answer match: see answer_match.h.
#include "text/answer_match.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include "text/ngram_matches.h"
#include "text/white_space.h"

namespace pegbox::text {

namespace {

/// Replaces each run of letters, digits and underscores that is an article by a space.
std::string without_articles(const std::string& text) {
  static const RE2 word(R"([\pL\pN_]+)");
  std::string result;
  re2::StringPiece rest(text), found;
  while (rest.size() > 0 && word.Match(rest, 0, rest.size(), RE2::UNANCHORED, &found, 1)) {
    const std::string_view run(found.data(), found.size());
    result.append(rest.data(), static_cast<std::size_t>(found.data() - rest.data()));
    result.append(run == "a" || run == "an" || run == "the" ? " " : run);
    rest.remove_prefix(static_cast<std::size_t>(found.data() - rest.data()) + found.size());
  }
  return result.append(rest.data(), rest.size());
}

}  // namespace

std::string normalize_answer(std::string_view text) {
  constexpr std::string_view kPunctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
  std::string letters = lower_case(text);
  std::erase_if(letters, [&](char c) { return kPunctuation.find(c) != std::string_view::npos; });
  const std::string rest = without_articles(letters);
  return fmt::format("{}", fmt::join(split_words(rest), " "));
}

bool exact_match(std::string_view answer, std::string_view reference) {
  return normalize_answer(answer) == normalize_answer(reference);
}

double token_f1(std::string_view answer, std::string_view reference) {
  const std::string ours = normalize_answer(answer), theirs = normalize_answer(reference);
  if (ours.empty() || theirs.empty()) return ours == theirs;
  SymbolTable table;
  const auto our_words = table.of(split_words(ours)), their_words = table.of(split_words(theirs));
  const NgramMatches matches = match_ngrams(our_words, their_words, 1);
  const auto both = static_cast<double>(matches.both);
  return f1_of(both / static_cast<double>(matches.hypothesis), both / static_cast<double>(matches.reference));
}

}  // namespace pegbox::text
