// label_classifier: see label_classifier.h.
#include "text/label_classifier.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>
#include <unordered_map>

#include "base/rng.h"
#include "text/folds.h"
#include "text/words.h"

namespace pegbox::text {
namespace {

constexpr std::size_t kMostWords = 128;
constexpr int kEpochs = 12;
constexpr double kFirstRate = 4;
constexpr std::uint64_t kSeed = 0;

/// A row's columns and what they count.
struct WeighedRow {
  std::vector<std::uint32_t> columns;
  std::vector<float> values;
  std::size_t label = 0, fold = 0;
};

struct WeighedRows {
  std::vector<WeighedRow> rows;
  std::size_t columns = 0;
};

/// Columns for the features that more than one row has, with values by their rarity.
WeighedRows weigh(std::span<const LabelledFeatures> rows) {
  std::unordered_map<std::uint32_t, std::uint32_t> counts;
  for (const LabelledFeatures& row : rows)
    for (const std::uint32_t feature : row.features) ++counts[feature];
  WeighedRows weighed;
  std::unordered_map<std::uint32_t, std::uint32_t> columns;
  for (const LabelledFeatures& row : rows) {
    WeighedRow& own = weighed.rows.emplace_back();
    own.label = static_cast<std::size_t>(row.label);
    double squares = 0;
    for (const std::uint32_t feature : row.features) {
      const std::uint32_t count = counts[feature];
      if (count < 2) continue;
      own.columns.push_back(columns.try_emplace(feature, static_cast<std::uint32_t>(columns.size())).first->second);
      const double value = std::log((1.0 + static_cast<double>(rows.size())) / (1.0 + count)) + 1;
      own.values.push_back(static_cast<float>(value));
      squares += value * value;
    }
    for (float& value : own.values) value /= static_cast<float>(std::sqrt(squares));
  }
  weighed.columns = columns.size();
  return weighed;
}

void deal_into_folds(WeighedRows& weighed) {
  std::vector<std::size_t> classes;
  for (const WeighedRow& row : weighed.rows) classes.push_back(row.label);
  const std::vector<std::size_t> folds = even_folds(classes, {kSeed, stream_id("folds"), 0});
  for (std::size_t row = 0; row < folds.size(); ++row) weighed.rows[row].fold = folds[row];
}

class FoldModel {
 public:
  FoldModel(const WeighedRows& data, std::size_t classes, std::size_t fold)
      : data_(data), classes_(classes), fold_(fold), weights_((data.columns + 1) * classes, 0.0F), logits_(classes) {}

  void train() {
    std::vector<std::size_t> order;
    for (std::size_t row = 0; row < data_.rows.size(); ++row)
      if (data_.rows[row].fold != fold_) order.push_back(row);
    const auto steps = static_cast<double>(kEpochs) * static_cast<double>(order.size());
    double step = 0;
    for (int epoch = 0; epoch < kEpochs; ++epoch) {
      Rng rng({kSeed, stream_id("fold"), fold_ * kEpochs + static_cast<std::size_t>(epoch)});
      shuffle(order, rng);
      for (const std::size_t row : order) learn(data_.rows[row], static_cast<float>(kFirstRate * (1 - step++ / steps)));
    }
  }

  /// Writes the probabilities of the fold's rows to their places.
  void judge(std::span<double> probabilities) {
    for (std::size_t row = 0; row < data_.rows.size(); ++row) {
      if (data_.rows[row].fold != fold_) continue;
      softmax(data_.rows[row]);
      std::ranges::copy(logits_, probabilities.begin() + static_cast<std::ptrdiff_t>(row * classes_));
    }
  }

 private:
  float* weights_of(std::size_t column) { return weights_.data() + column * classes_; }

  /// Makes `logits_` the probabilities of the row's classes.
  void softmax(const WeighedRow& row) {
    std::copy_n(weights_of(data_.columns), classes_, logits_.begin());
    for (std::size_t i = 0; i < row.columns.size(); ++i) {
      const float* weights = weights_of(row.columns[i]);
      for (std::size_t k = 0; k < classes_; ++k) logits_[k] += row.values[i] * weights[k];
    }
    const float most = *std::ranges::max_element(logits_);
    float sum = 0;
    for (float& logit : logits_) sum += logit = std::exp(logit - most);
    for (float& logit : logits_) logit /= sum;
  }

  void learn(const WeighedRow& row, float rate) {
    softmax(row);
    logits_[row.label] -= 1;
    for (std::size_t i = 0; i < row.columns.size(); ++i) {
      float* weights = weights_of(row.columns[i]);
      for (std::size_t k = 0; k < classes_; ++k) weights[k] -= rate * row.values[i] * logits_[k];
    }
    float* intercepts = weights_of(data_.columns);
    for (std::size_t k = 0; k < classes_; ++k) intercepts[k] -= kInterceptRate * rate * logits_[k];
  }

  static constexpr float kInterceptRate = 0.01F;  // of that of the weights, which see a row of length 1

  const WeighedRows& data_;
  std::size_t classes_, fold_;
  std::vector<float> weights_;  // [columns + 1, classes], the intercepts last
  std::vector<float> logits_;   // [classes]
};

}  // namespace

TextFeatures features_of(std::string_view text) {
  thread_local std::vector<std::uint64_t> words;
  hash_words(text, words);
  words.resize(std::min(words.size(), kMostWords));
  TextFeatures features;
  for (std::size_t i = 0; i < words.size(); ++i) {
    features.push_back(static_cast<std::uint32_t>(words[i]));
    if (i > 0) features.push_back(static_cast<std::uint32_t>(mix_bits(words[i - 1] + mix_bits(words[i]))));
  }
  std::ranges::sort(features);
  features.erase(std::ranges::unique(features).begin(), features.end());
  return features;
}

std::vector<double> cross_validated_probabilities(std::span<const LabelledFeatures> rows, std::size_t classes,
                                                  int threads) {
  WeighedRows weighed = weigh(rows);
  deal_into_folds(weighed);
  std::vector<double> probabilities(rows.size() * classes);
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t fold = next++; fold < kFolds; fold = next++) {
      FoldModel model(weighed, classes, fold);
      model.train();
      model.judge(probabilities);
    }
  };
  std::vector<std::jthread> helpers;
  for (int thread = 1; thread < threads; ++thread) helpers.emplace_back(work);
  work();
  helpers.clear();
  return probabilities;
}

}  // namespace pegbox::text
