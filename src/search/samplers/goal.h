// Goal: what there is to improve on: the lowest loss, or of several losses the front.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "math/expected_improvement.h"
#include "math/hypervolume_improvement.h"

namespace pegbox {

class Goal {
 public:
  /// `rows`: [n, k] losses at what is known, n >= 1. Of several losses volume counts below a corner a tenth of the
  /// front's sides beyond its ends.
  static Result<Goal> of(std::span<const double> rows, std::size_t losses);

  void add(std::span<const double> losses);  ///< [k]

  /// log of the improvement, or of the volume, to be expected of a trial with these predictions [k].
  double log_improvement(std::span<const math::Prediction> predictions) const;
  math::Acquisition log_improvement(std::span<const math::PredictionGradient> predictions) const;

 private:
  double best_ = 0;                   // of one loss
  std::optional<math::Front> front_;  // of several
};

}  // namespace pegbox
