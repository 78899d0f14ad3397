// ROUGE: see rouge.h.
#include "text/rouge.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "text/ngram_matches.h"
#include "text/white_space.h"

namespace pegbox::text {

namespace {

using Words = std::vector<Symbol>;

Words rouge_words(std::string_view text, SymbolTable& table) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  const std::string lower = lower_case(text);
  Words words;
  for (std::size_t begin = lower.find_first_of(kLetters); begin != std::string::npos;) {
    const std::size_t end = std::min(lower.find_first_not_of(kLetters, begin), lower.size());
    words.push_back(table.of(std::string_view(lower).substr(begin, end - begin)));
    begin = lower.find_first_of(kLetters, end);
  }
  return words;
}

/// Lengths of the longest common subsequences of all beginnings [|a| + 1, |b| + 1], in row order.
class SubsequenceTable {
 public:
  SubsequenceTable(const Words& a, const Words& b) : columns_(b.size() + 1), lengths_((a.size() + 1) * columns_) {
    for (std::size_t i = 1; i <= a.size(); ++i)
      for (std::size_t j = 1; j <= b.size(); ++j)
        lengths_[i * columns_ + j] = a[i - 1] == b[j - 1] ? at(i - 1, j - 1) + 1 : std::max(at(i - 1, j), at(i, j - 1));
  }
  int at(std::size_t i, std::size_t j) const { return lengths_[i * columns_ + j]; }

 private:
  std::size_t columns_;
  std::vector<int> lengths_;
};

/// Marks the words of `reference` that a longest common subsequence with `hypothesis` has; of several the one that
/// rouge-score finds.
void mark_subsequence(const Words& reference, const Words& hypothesis, std::vector<bool>& marks) {
  const SubsequenceTable table(reference, hypothesis);
  for (std::size_t i = reference.size(), j = hypothesis.size(); i > 0 && j > 0;) {
    if (reference[i - 1] == hypothesis[j - 1]) {
      marks[--i] = true;
      --j;
    } else if (table.at(i, j - 1) > table.at(i - 1, j)) {
      --j;
    } else {
      --i;
    }
  }
}

std::vector<Words> sentences_of(std::string_view text, SymbolTable& table) {
  std::vector<Words> sentences;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) sentences.push_back(rouge_words(text.substr(begin, end - begin), table));
    begin = end + 1;
  }
  return sentences;
}

using WordCounts = std::map<Symbol, std::int64_t>;

WordCounts counts_of(const std::vector<Words>& sentences) {
  WordCounts counts;
  for (const Words& words : sentences)
    for (const Symbol word : words) ++counts[word];
  return counts;
}

std::size_t total_words(const std::vector<Words>& sentences) {
  std::size_t total = 0;
  for (const Words& words : sentences) total += words.size();
  return total;
}

double f1_of_counts(double both, std::size_t hypothesis, std::size_t reference) {
  if (hypothesis == 0 || reference == 0) return 0;
  return f1_of(both / static_cast<double>(hypothesis), both / static_cast<double>(reference));
}

}  // namespace

double rouge_n(std::string_view hypothesis, std::string_view reference, std::size_t n) {
  SymbolTable table;
  const NgramMatches matches = match_ngrams(rouge_words(hypothesis, table), rouge_words(reference, table), n);
  return f1_of_counts(static_cast<double>(matches.both), static_cast<std::size_t>(matches.hypothesis),
                      static_cast<std::size_t>(matches.reference));
}

double rouge_l(std::string_view hypothesis, std::string_view reference) {
  SymbolTable table;
  const Words ours = rouge_words(hypothesis, table), theirs = rouge_words(reference, table);
  const int longest = SubsequenceTable(theirs, ours).at(theirs.size(), ours.size());
  return f1_of_counts(longest, ours.size(), theirs.size());
}

double rouge_l_sum(std::string_view hypothesis, std::string_view reference) {
  SymbolTable table;
  const auto ours = sentences_of(hypothesis, table), theirs = sentences_of(reference, table);
  WordCounts our_words = counts_of(ours), their_words = counts_of(theirs);  // each may be a hit once
  double hits = 0;
  for (const Words& sentence : theirs) {
    std::vector<bool> marks(sentence.size());
    for (const Words& other : ours) mark_subsequence(sentence, other, marks);
    for (std::size_t i = 0; i < sentence.size(); ++i) {
      if (!marks[i] || our_words[sentence[i]] == 0 || their_words[sentence[i]] == 0) continue;
      ++hits;
      --our_words[sentence[i]];
      --their_words[sentence[i]];
    }
  }
  return f1_of_counts(hits, total_words(ours), total_words(theirs));
}

}  // namespace pegbox::text
