// Logistic regression of sparse rows: the probability of a class as a function of a weighted sum of features.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace pegbox::math {

/// The features of a row that are not 0.
struct SparseRow {
  std::vector<std::uint32_t> columns;  ///< each at most once
  std::vector<double> values;          ///< one for each column
};

struct LogisticModel {
  std::vector<double> weights;  ///< by column
  double intercept = 0;

  double probability(const SparseRow& row) const;  ///< of a positive row; columns beyond the weights count nothing
};

/// The weights that minimize |w|^2 / 2 + strength * sum of the rows' negative log-likelihoods; the intercept is free.
/// scikit-learn's LogisticRegression with C = strength. `is_positive`: one for each row; columns are below `columns`.
/// InvalidInput unless both classes occur.
Result<LogisticModel> fit_logistic(std::span<const SparseRow> rows, const std::vector<bool>& is_positive,
                                   std::size_t columns, double strength = 1);

}  // namespace pegbox::math
