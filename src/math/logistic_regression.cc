// Logistic regression by L-BFGS.
#include "math/logistic_regression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/number.h"
#include "math/minimize.h"

namespace pegbox::math {

namespace {

double weighted_sum(const SparseRow& row, std::span<const double> weights, double intercept) {
  double sum = intercept;
  for (std::size_t i = 0; i < row.columns.size(); ++i)
    if (row.columns[i] < weights.size()) sum += row.values[i] * weights[row.columns[i]];
  return sum;
}

double probability_of(double sum) {
  const double small = std::exp(-std::abs(sum));
  return sum >= 0 ? 1 / (1 + small) : small / (1 + small);
}

/// ln(1 + exp(-x)), for any x.
double log_loss(double margin) { return std::max(0.0, -margin) + std::log1p(std::exp(-std::abs(margin))); }

}  // namespace

double LogisticModel::probability(const SparseRow& row) const {
  return probability_of(weighted_sum(row, weights, intercept));
}

Result<LogisticModel> fit_logistic(std::span<const SparseRow> rows, const std::vector<bool>& is_positive,
                                   std::size_t columns, double strength) {
  const auto positives = std::ranges::count(is_positive, true);
  if (positives == 0 || positives == std::ssize(rows))
    return fail(ErrorKind::InvalidInput, {.where = "logistic regression",
                                          .what = "all rows are of one class",
                                          .got = fmt::format("{} of {} rows positive", positives, rows.size()),
                                          .expected = "rows of both"});
  // The last coordinate is the intercept.
  const auto objective = [&](std::span<const double> x, std::span<double> gradient) {
    const auto weights = x.first(columns);
    double value = std::inner_product(weights.begin(), weights.end(), weights.begin(), 0.0) / 2;
    if (!gradient.empty()) std::ranges::copy(weights, gradient.begin());
    if (!gradient.empty()) gradient[columns] = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double sum = weighted_sum(rows[i], weights, x[columns]);
      value += strength * log_loss(is_positive[i] ? sum : -sum);
      if (gradient.empty()) continue;
      const double slope = strength * (probability_of(sum) - (is_positive[i] ? 1 : 0));
      for (std::size_t k = 0; k < rows[i].columns.size(); ++k)
        gradient[rows[i].columns[k]] += slope * rows[i].values[k];
      gradient[columns] += slope;
    }
    return value;
  };
  const Box everywhere{.low = std::vector<double>(columns + 1, -kInfinity),
                       .high = std::vector<double>(columns + 1, kInfinity)};
  PEGBOX_TRY(const Minimum minimum,
             minimize(objective, std::vector<double>(columns + 1, 0.0), everywhere,
                      {.max_evaluations = 500, .gradient_tolerance = 1e-5, .relative_tolerance = 1e-12}));
  return LogisticModel{.weights = {minimum.x.begin(), minimum.x.end() - 1}, .intercept = minimum.x.back()};
}

}  // namespace pegbox::math
