// Parzen space: a study's space as the axes of a Parzen density: places, base densities, and draws from both.
//
// The base density of an axis is half its prior and half flat, so that a prior that is wrong bars nothing. Choices
// without order are categories; every other axis is continuous, its values at the centres of their cells.
#pragma once

#include <span>
#include <vector>

#include "base/rng.h"
#include "math/parzen.h"
#include "search/axis_prior.h"
#include "search/space.h"

namespace pegbox {

class ParzenSpace {
 public:
  explicit ParzenSpace(const Space& space);

  const std::vector<math::ParzenAxis>& axes() const { return axes_; }
  bool has_conditions() const { return has_conditions_; }
  /// Axes of parameters on which others depend.
  std::span<const std::size_t> branching() const { return branching_; }
  std::int64_t levels(std::size_t axis) const { return levels_[axis]; }  ///< 0: a continuum

  std::vector<float> places(const UnitPoint& point) const;  ///< [d]; kAbsent where inactive

  /// The coordinate of the unit cube to which a place belongs, at the centre of its value's cell.
  double snapped(std::size_t axis, double unit) const;
  float place(std::size_t axis, double unit) const;  ///< of a snapped coordinate

  double log_base(std::size_t axis, double unit) const;  ///< density on a continuous axis, probability of a choice
  double draw_base(std::size_t axis, Rng& rng) const;    ///< a coordinate of the unit cube
  /// From the kernel around a place that is not absent.
  double draw_near(std::size_t axis, float place, double bandwidth, Rng& rng) const;

 private:
  std::vector<math::ParzenAxis> axes_;
  std::vector<std::int64_t> levels_;
  std::vector<UnitScale> scales_;  ///< [d]; of numbers
  std::vector<bool> is_number_;
  std::vector<double> log_levels_;  ///< [d]; of choices, else 0
  std::vector<AxisPrior> priors_;
  std::vector<std::size_t> branching_;
  bool has_conditions_ = false;
};

}  // namespace pegbox
