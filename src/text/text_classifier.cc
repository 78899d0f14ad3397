// TextClassifier: see text_classifier.h.
#include "text/text_classifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/rng.h"
#include "math/class_scores.h"
#include "math/row_resampling.h"
#include "text/folds.h"
#include "text/hash.h"
#include "text/words.h"

namespace pegbox::text {

namespace {

constexpr std::uint32_t kColumns = 1u << 18;
constexpr std::size_t kByteRun = 4;
constexpr double kStrength = 10;  // rows have the length 1: weights must be large to count

std::uint32_t column_of(char kind, std::string_view run) {
  Fnv64 hash;
  hash.add_byte(static_cast<unsigned char>(kind));
  hash.add(run);
  return static_cast<std::uint32_t>(mix_bits(hash.value()) % kColumns);
}

/// Columns that some row has, numbered from 0: of so many columns most are empty.
class UsedColumns {
 public:
  explicit UsedColumns(std::span<const math::SparseRow> rows) : numbers_(kColumns, kNone) {
    for (const math::SparseRow& row : rows)
      for (const std::uint32_t column : row.columns)
        if (numbers_[column] == kNone) numbers_[column] = count_++;
  }
  std::uint32_t count() const { return count_; }
  math::SparseRow pack(const math::SparseRow& row) const {
    math::SparseRow packed = row;
    for (std::uint32_t& column : packed.columns) column = numbers_[column];
    return packed;
  }
  math::LogisticModel unpack(const math::LogisticModel& packed) const {
    math::LogisticModel model{.weights = std::vector<double>(kColumns, 0.0), .intercept = packed.intercept};
    for (std::uint32_t column = 0; column < kColumns; ++column)
      if (numbers_[column] != kNone) model.weights[column] = packed.weights[numbers_[column]];
    return model;
  }

 private:
  static constexpr std::uint32_t kNone = ~0u;
  std::vector<std::uint32_t> numbers_;
  std::uint32_t count_ = 0;
};

Result<math::LogisticModel> fit(std::span<const math::SparseRow> rows, const std::vector<bool>& is_positive) {
  const UsedColumns used(rows);
  std::vector<math::SparseRow> packed;
  for (const math::SparseRow& row : rows) packed.push_back(used.pack(row));
  PEGBOX_TRY(const math::LogisticModel model, math::fit_logistic(packed, is_positive, used.count(), kStrength));
  return used.unpack(model);
}

std::vector<math::SparseRow> ngram_rows(std::span<const std::string> texts) {
  std::vector<math::SparseRow> rows;
  for (const std::string& text : texts) rows.push_back(hashed_ngrams(text));
  return rows;
}

/// Texts that stay together, with the labels that occur among them.
struct TextGroups {
  std::vector<std::size_t> group_of;  // of each text
  std::vector<std::size_t> labels;    // of each group: 1 with a negative text, 2 with a positive one, 3 with both

  TextGroups(const std::vector<bool>& is_positive, std::span<const std::string> groups) {
    std::map<std::string_view, std::size_t> known;
    for (std::size_t i = 0; i < is_positive.size(); ++i) {
      const std::size_t group = groups.empty() ? i : known.emplace(groups[i], known.size()).first->second;
      if (group == labels.size()) labels.push_back(0);
      labels[group] |= is_positive[i] ? 2u : 1u;
      group_of.push_back(group);
    }
  }
  std::int64_t count_with(std::size_t label) const {
    return std::ranges::count_if(labels, [&](std::size_t each) { return (each & label) != 0; });
  }
};

/// A fold for each text: that of its group. Each fold leaves texts of both labels to learn.
Result<std::vector<std::size_t>> folds_of(const std::vector<bool>& is_positive, std::span<const std::string> groups,
                                          const std::string& where) {
  TextGroups together(is_positive, groups);
  const auto negatives = together.count_with(1), positives = together.count_with(2);
  if (std::min(negatives, positives) < static_cast<std::int64_t>(kFolds))
    return fail(
        ErrorKind::InvalidInput,
        {.where = where,
         .what = "too few to learn from and to say how good a classifier of them is",
         .got = fmt::format("{} positive and {} other ones{}", positives, negatives,
                            groups.empty() ? "" : ", those of one group counted once"),
         .expected = fmt::format("at least {} of each", kFolds),
         .hint = groups.empty() ? "add labelled texts; some hundred of each make a useful classifier"
                                : "add labelled texts of other groups, or name no group if texts are not alike"});
  const std::vector<std::size_t> folds = even_folds(together.labels, {.stream = stream_id("cross-validation")});
  for (std::size_t& group : together.group_of) group = folds[group];
  return std::move(together.group_of);
}

}  // namespace

math::SparseRow hashed_ngrams(std::string_view text) {
  const std::vector<std::string> words = list_words(text);
  math::SparseRow row;
  for (std::size_t i = 0; i < words.size(); ++i) {
    row.columns.push_back(column_of('1', words[i]));
    if (i + 1 < words.size()) row.columns.push_back(column_of('2', words[i] + " " + words[i + 1]));
    const std::string framed = "<" + words[i] + ">";
    for (std::size_t k = 0; k + kByteRun <= framed.size(); ++k)
      row.columns.push_back(column_of('c', std::string_view(framed).substr(k, kByteRun)));
  }
  std::ranges::sort(row.columns);
  const auto rest = std::ranges::unique(row.columns);
  row.columns.erase(rest.begin(), rest.end());
  row.values.assign(row.columns.size(), 1 / std::sqrt(static_cast<double>(row.columns.size())));
  return row;
}

Result<TextClassifier> TextClassifier::train(std::span<const std::string> texts, const std::vector<bool>& is_positive) {
  TextClassifier classifier;
  PEGBOX_TRY(classifier.model_, fit(ngram_rows(texts), is_positive));
  return classifier;
}

double TextClassifier::probability(std::string_view text) const { return model_.probability(hashed_ngrams(text)); }

Result<ClassifierQuality> cross_validate(std::span<const std::string> texts, const std::vector<bool>& is_positive,
                                         std::span<const std::string> groups, const std::string& where) {
  PEGBOX_TRY(const std::vector<std::size_t> folds, folds_of(is_positive, groups, where));
  const std::vector<math::SparseRow> rows = ngram_rows(texts);
  std::vector<double> scores(texts.size());
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<math::SparseRow> seen;
    std::vector<bool> labels;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (folds[i] == fold) continue;
      seen.push_back(rows[i]);
      labels.push_back(is_positive[i]);
    }
    PEGBOX_TRY(const math::LogisticModel model, fit(seen, labels));
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (folds[i] == fold) scores[i] = model.probability(rows[i]);
  }
  ClassifierQuality quality{.roc_area = math::roc_area(scores, is_positive),
                            .texts = std::ssize(texts),
                            .positives = std::ranges::count(is_positive, true)};
  std::vector<math::RowNumber> numbers(texts.size());
  std::iota(numbers.begin(), numbers.end(), math::RowNumber{0});
  const auto area_of = [&](std::span<const math::RowNumber> drawn) {
    std::vector<double> some;
    std::vector<bool> labels;
    for (const math::RowNumber number : drawn) {
      some.push_back(scores[number]);
      labels.push_back(is_positive[number]);
    }
    return math::roc_area(some, labels);
  };
  if (const auto spread = math::bootstrap_rows(numbers, area_of, {.stream = stream_id("roc area")}))
    quality.interval = spread->interval;
  return quality;
}

}  // namespace pegbox::text
