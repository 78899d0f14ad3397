// AxisPrior: a parameter's prior as a distribution over its unit axis.
//
// Normal around a centre, cut to [0, 1] and scaled up to mass 1; or a weight for each of k equal bins, uniform within
// a bin; or uniform.
#pragma once

#include <vector>

#include "search/parameter.h"
#include "search/unit_scale.h"

namespace pegbox {

class AxisPrior {
 public:
  AxisPrior() = default;                                          ///< uniform
  AxisPrior(const Parameter& parameter, const UnitScale& scale);  ///< `scale` is looked at for numeric parameters only

  bool is_uniform() const { return spread_ == 0 && cumulative_.empty(); }
  double quantile(double probability) const;  ///< of a probability in [0, 1]; in [0, 1]
  double log_density(double at) const;        ///< of a place in [0, 1]; 0 where uniform

 private:
  double center_ = 0.5, spread_ = 0;  ///< on the unit axis; spread 0: not normal
  double below_ = 0, mass_ = 1;       ///< of the uncut normal: below 0, and within [0, 1]
  std::vector<double> cumulative_;    ///< [k], the last is 1; empty: no weights
};

}  // namespace pegbox
