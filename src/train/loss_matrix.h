// LossMatrix: the losses of the sets of a stream before the first was learned and after each, and what they tell of
// forgetting and transfer.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"

namespace pegbox::train {

class LossMatrix {
 public:
  /// Of sets in the order in which they are learned; none of their losses is known.
  explicit LossMatrix(std::vector<std::string> names) : names_(std::move(names)) {}

  const std::vector<std::string>& names() const { return names_; }

  /// [times][sets]: row k has the losses when k sets were learned, in nats; NaN for what was not measured.
  const std::vector<std::vector<double>>& rows() const { return rows_; }

  bool has(std::size_t learned) const { return learned < rows_.size(); }

  /// The losses when `learned` sets were; rows between that nobody measured stay NaN.
  void note(std::size_t learned, const std::map<std::string, double>& losses);

  /// With L[k][i] the loss of the i-th set when k sets were learned, and n of them the last time:
  ///   forgetting         mean of L[n][i] - L[i][i] over the first n - 1: what is lost since a set's own stage
  ///   backward_transfer  the same with the other sign
  ///   forward_transfer   mean of L[0][i] - L[i - 1][i] over all but the first: what the sets before it did for a set
  /// Lopez-Paz and Ranzato 2017 (arXiv 1706.08840), equations 3 and 4, with losses for accuracies: above 0 is good for
  /// both transfers. Only what can be told: nothing before the second stage's end.
  std::map<std::string, double> measures() const;

  Json state() const;
  void restore(const Json& state);  ///< what `state` wrote; anything else: nothing is known

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<double>> rows_;
};

}  // namespace pegbox::train
