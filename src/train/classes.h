// Classes: what a classifier tells apart: names, rows of tokens, weights of the loss, and how often it is right.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "text/dataset.h"
#include "text/tokenized.h"
#include "text/tokenizer.h"
#include "train/tensor.h"

namespace pegbox::train {

/// The names of classes by their numbers, as `id2label` of a config.json has them.
using ClassNames = std::vector<std::string>;

/// The labels of `rows`, each once: integers by their value, else in the order of their letters. InvalidInput if there
/// are fewer than two.
Result<ClassNames> class_names(std::span<const text::Row> rows);

/// Each text, begun with the begin token if there is one and cut at the sequence length, without an end token, and
/// behind it the number of its class as if that were its next token: the row's only label. What stands behind a token
/// does not change its hidden state, so the class is told from the text's last token, where transformers'
/// *ForSequenceClassification read it, too. InvalidInput, with file and line (`files`: text::Dataset::files), for a
/// label that no class has.
Result<text::TokenizedRows> classified_rows(const text::Tokenizer& tokenizer, std::span<const text::Row> rows,
                                            const ClassNames& names, std::span<const std::string> files,
                                            const text::TokenizeOptions& options);

/// Factors of the rows' losses by class [K] fp32: (rows / (K rows of the class)) ^ strength, as scikit-learn's
/// "balanced" at strength 1, all times what makes their mean over the rows 1. A class without a row has 0.
Tensor class_weights(const text::TokenizedRows& rows, std::int64_t classes, double strength);

/// Counts of rows by class [K]; empty: of a language model.
struct ClassCounts {
  std::vector<std::int64_t> right, predicted, actual;

  void count(const Tensor& logits, const Tensor& labels);  ///< [L, K] and [L]
  void add(const ClassCounts& more);
  bool empty() const { return actual.empty(); }
  double accuracy() const;
  /// The mean over the classes that occur, as labels or as answers, of 2 right / (predicted + actual), as
  /// scikit-learn's.
  double macro_f1() const;
};

}  // namespace pegbox::train
