// TextClassifier: whether a text is of a kind, learned from labelled texts: logistic regression over hashed runs of
// words and letters.
//
// Small, fast and the same everywhere; it learns words and phrases, not what a text means (a model that was fine-tuned
// for it does better). Hashing: Weinberger et al. 2009, arXiv 0902.2206; runs of words with such a model: Wang and
// Manning, ACL 2012.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "math/logistic_regression.h"
#include "math/statistics.h"

namespace pegbox::text {

/// The runs of 1 and 2 words and of 4 bytes within words of a text, each once, as columns below 2^18; all have one
/// value, with the length 1. Empty for a text without words.
math::SparseRow hashed_ngrams(std::string_view text);

/// How well a kind of classifier does on texts that it has not seen.
struct ClassifierQuality {
  double roc_area = 0;        ///< over all texts, each judged by a model of the other folds
  math::Interval interval{};  ///< 95 %, of a bootstrap over the texts
  std::int64_t texts = 0, positives = 0;
};

class TextClassifier {
 public:
  /// InvalidInput unless both classes occur. One label for each text.
  static Result<TextClassifier> train(std::span<const std::string> texts, const std::vector<bool>& is_positive);

  double probability(std::string_view text) const;

 private:
  math::LogisticModel model_;
};

/// Five models, each of four fifths of the texts; equal `groups` (a template, a source) stay in one fold, so that no
/// model is judged on a text like those it has seen. `groups`: a name for each text, or none at all, which makes each
/// text its own group. InvalidInput unless at least 5 groups have a positive text and 5 another one, which leaves
/// both for each model to learn. `where`: what the texts are called in messages.
Result<ClassifierQuality> cross_validate(std::span<const std::string> texts, const std::vector<bool>& is_positive,
                                         std::span<const std::string> groups,
                                         const std::string& where = "labelled texts");

}  // namespace pegbox::text
