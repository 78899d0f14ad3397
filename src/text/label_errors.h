// LabelErrors: rows of text whose label is likely wrong: confident learning with a quick classifier.
#pragma once

#include <cstdint>
#include <vector>

#include "text/label_classifier.h"
#include "text/row_index.h"

namespace pegbox::text {

/// A row whose text is rather of another class. Labels are those of RowIndex.
struct LabelError {
  RowNumber row = 0;
  std::int32_t label = 0, likely = 0;
  double label_probability = 0, likely_probability = 0;
};

class LabelErrorFinder {
 public:
  /// A row with its label. Beyond the first 100,000, which take up to 1 kB each, rows are left out.
  void add(RowNumber row, std::int32_t label, TextFeatures features);

  /// By confident_learning.h, on probabilities of label_classifier.h; the surest first. Classes of fewer than five
  /// rows, which cannot be in every fold, are left out.
  std::vector<LabelError> find(int threads) const;

 private:
  std::vector<RowNumber> rows_;
  std::vector<LabelledFeatures> texts_;
};

/// "card_lost here, likely card_stolen (0.91 against 0.02)".
std::string label_error_detail(const LabelError& error, const RowIndex& index);

}  // namespace pegbox::text
