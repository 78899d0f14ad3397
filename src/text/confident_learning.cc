// Confident learning: thresholds by class, then the class of each row that passes its own.
#include "text/confident_learning.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace pegbox::text {

namespace {

constexpr double kSlack = 1e-6;  // equal probabilities of two programs may differ by their rounding

/// Of each class the mean probability of it among the rows labelled so; beyond any probability where there are none.
std::vector<double> confident_thresholds(std::span<const std::int32_t> labels, std::span<const double> probabilities,
                                         std::size_t classes) {
  std::vector<double> sums(classes, 0.0), counts(classes, 0.0);
  for (std::size_t row = 0; row < labels.size(); ++row) {
    const auto label = static_cast<std::size_t>(labels[row]);
    sums[label] += probabilities[row * classes + label];
    counts[label] += 1;
  }
  for (std::size_t k = 0; k < classes; ++k)
    sums[k] = counts[k] > 0 ? std::max(sums[k] / counts[k], 2 * kSlack) : std::numeric_limits<double>::infinity();
  return sums;
}

}  // namespace

std::vector<std::int32_t> likely_classes(std::span<const std::int32_t> labels, std::span<const double> probabilities,
                                         std::size_t classes) {
  assert(probabilities.size() == labels.size() * classes);
  const std::vector<double> thresholds = confident_thresholds(labels, probabilities, classes);
  std::vector<std::int32_t> likely(labels.size(), -1);
  for (std::size_t row = 0; row < labels.size(); ++row) {
    const auto of_row = probabilities.subspan(row * classes, classes);
    const auto label = static_cast<std::size_t>(labels[row]);
    const auto top = static_cast<std::size_t>(std::ranges::max_element(of_row) - of_row.begin());
    if (of_row[label] + kSlack >= of_row[top]) continue;
    std::size_t passed = 0, first = classes;
    for (std::size_t k = 0; k < classes; ++k) {
      if (of_row[k] < thresholds[k] - kSlack) continue;
      if (passed++ == 0) first = k;
    }
    const std::size_t guess = passed > 1 ? top : first;
    if (passed > 0 && guess != label) likely[row] = static_cast<std::int32_t>(guess);
  }
  return likely;
}

}  // namespace pegbox::text
