// Class scores: see class_scores.h.
#include "math/class_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "math/rank_correlation.h"

namespace pegbox::math {

namespace {

double total(const std::vector<std::int64_t>& counts) {
  return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
}

double dot(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

double f1_of_class(const ClassCounts& counts, std::size_t c) {
  const std::int64_t seen = counts.predicted[c] + counts.actual[c];
  return seen == 0 ? 0 : 2 * static_cast<double>(counts.right[c]) / static_cast<double>(seen);
}

}  // namespace

void ClassCounts::add(std::size_t label, std::size_t answer) {
  const std::size_t classes = std::max({label + 1, answer + 1, actual.size()});
  for (auto* counts : {&right, &predicted, &actual}) counts->resize(classes, 0);
  ++actual[label];
  ++predicted[answer];
  right[label] += label == answer;
}

void ClassCounts::add(const ClassCounts& more) {
  const std::size_t classes = std::max(more.actual.size(), actual.size());
  for (auto* counts : {&right, &predicted, &actual}) counts->resize(classes, 0);
  for (std::size_t c = 0; c < more.actual.size(); ++c) {
    right[c] += more.right[c];
    predicted[c] += more.predicted[c];
    actual[c] += more.actual[c];
  }
}

std::int64_t ClassCounts::rows() const { return std::accumulate(actual.begin(), actual.end(), std::int64_t{0}); }

double ClassCounts::accuracy() const { return total(right) / total(actual); }

double ClassCounts::macro_f1() const {
  double sum = 0, classes = 0;
  for (std::size_t c = 0; c < actual.size(); ++c) {
    if (predicted[c] + actual[c] == 0) continue;
    sum += f1_of_class(*this, c);
    ++classes;
  }
  return sum / classes;
}

double ClassCounts::micro_f1() const { return 2 * total(right) / (total(predicted) + total(actual)); }

double ClassCounts::weighted_f1() const {
  double sum = 0;
  for (std::size_t c = 0; c < actual.size(); ++c) sum += static_cast<double>(actual[c]) * f1_of_class(*this, c);
  return sum / total(actual);
}

double ClassCounts::matthews() const {
  const double rows = total(actual), covariance = total(right) * rows - dot(predicted, actual);
  const double of_answers = rows * rows - dot(predicted, predicted), of_labels = rows * rows - dot(actual, actual);
  return of_answers * of_labels > 0 ? covariance / std::sqrt(of_answers * of_labels) : 0;
}

std::size_t answer_of(const ClassifiedRow& row) {
  return static_cast<std::size_t>(std::ranges::max_element(row.probabilities) - row.probabilities.begin());
}

double brier_score(std::span<const ClassifiedRow> rows) {
  double sum = 0;
  for (const ClassifiedRow& row : rows)
    for (std::size_t c = row.probabilities.size() == 2 ? 1 : 0; c < row.probabilities.size(); ++c) {
      const double error = row.probabilities[c] - (c == row.label ? 1 : 0);
      sum += error * error;
    }
  return sum / static_cast<double>(rows.size());
}

double calibration_error(std::span<const ClassifiedRow> rows, int bins) {
  std::vector<double> excess(static_cast<std::size_t>(bins));  // confidence less accuracy, summed over a bin's rows
  for (const ClassifiedRow& row : rows) {
    const std::size_t answer = answer_of(row);
    const double confidence = row.probabilities[answer];
    const int bin = std::clamp(static_cast<int>(std::ceil(confidence * bins)) - 1, 0, bins - 1);
    excess[static_cast<std::size_t>(bin)] += confidence - (answer == row.label ? 1 : 0);
  }
  double sum = 0;
  for (const double value : excess) sum += std::abs(value);
  return sum / static_cast<double>(rows.size());
}

double roc_area(std::span<const double> scores, const std::vector<bool>& positive) {
  const std::vector<double> order = ranks(scores);  // Mann and Whitney 1947
  double sum = 0, positives = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (!positive[i]) continue;
    sum += order[i];
    ++positives;
  }
  const double negatives = static_cast<double>(order.size()) - positives;
  if (positives == 0 || negatives == 0) return std::numeric_limits<double>::quiet_NaN();
  return (sum - positives * (positives + 1) / 2) / (positives * negatives);
}

double roc_area(std::span<const ClassifiedRow> rows) {
  const std::size_t classes = rows.empty() ? 0 : rows.front().probabilities.size();
  double sum = 0, counted = 0;
  for (std::size_t c = classes == 2 ? 1 : 0; c < classes; ++c) {
    std::vector<double> scores;
    std::vector<bool> positive;
    for (const ClassifiedRow& row : rows) {
      scores.push_back(row.probabilities[c]);
      positive.push_back(row.label == c);
    }
    const double area = roc_area(scores, positive);
    if (std::isnan(area)) continue;
    sum += area;
    ++counted;
  }
  return counted > 0 ? sum / counted : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace pegbox::math
