// Class scores: how good the answers of a classifier are, from counts of rows by class or from probabilities. Each is
// scikit-learn's of the same name.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pegbox::math {

/// Counts of rows by class [K]; empty: of no classifier.
struct ClassCounts {
  std::vector<std::int64_t> right, predicted, actual;

  void add(std::size_t label, std::size_t answer);  ///< one row; the counts grow to hold both classes
  void add(const ClassCounts& more);
  bool empty() const { return actual.empty(); }
  std::int64_t rows() const;

  double accuracy() const;
  // Over the classes that occur, as labels or as answers: F1 of a class is 2 right / (predicted + actual).
  double macro_f1() const;     ///< the mean over these classes
  double micro_f1() const;     ///< of the sums over these classes; where each row has one class, the accuracy
  double weighted_f1() const;  ///< the mean over the rows' labels
  /// Matthews' correlation of labels and answers (Gorodkin 2004 for several classes), -1 to 1; 0 if one of them is
  /// always the same class.
  double matthews() const;
};

/// Rows of a classifier with the probabilities that it gives, by class number.
struct ClassifiedRow {
  std::size_t label = 0;
  std::span<const double> probabilities;  ///< [K]
};

/// The class of the greatest probability, the first of several.
std::size_t answer_of(const ClassifiedRow& row);

/// Mean squared error of the probabilities (Brier 1950): of the second class where there are two (0 to 1), the sum over
/// the classes where there are more (0 to 2).
double brier_score(std::span<const ClassifiedRow> rows);

/// How far confidence (the greatest probability) is from accuracy, over `bins` intervals of confidence of one width,
/// (low, high], weighted by their rows (Guo et al. 2017, arXiv 1706.04599).
double calibration_error(std::span<const ClassifiedRow> rows, int bins = 15);

/// Area under the ROC curve: the share of pairs of a positive and a negative row of which the positive one has the
/// greater score, ties counted half. NaN if one kind is missing.
double roc_area(std::span<const double> scores, const std::vector<bool>& positive);

/// The same of a classifier: of the second class where there are two; else the mean over each class against the rest,
/// over classes that some rows have and some have not. NaN if there is none.
double roc_area(std::span<const ClassifiedRow> rows);

}  // namespace pegbox::math
