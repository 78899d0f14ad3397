// UnitScale: the map between a numeric parameter's values and the unit axis.
//
// A continuum: u = 0 is `low`, u = 1 is `high`, in between linear in the value or in its logarithm. Values are rounded
// to 12 significant decimal digits (of the range's width on a linear scale, of the value on a log scale; never more
// than 15 digits of the magnitude), but the ends are exact. So a value survives unit() and value() to the last bit, and
// reads well.
//
// Steps: every value owns the cell from half a step below it to half a step above, and u is uniform over the cells in
// the scale: on a log scale the cell of v is as long as log((v + step/2) / (v - step/2)), so that rounding does not
// favour the ends. The first cell begins at low - min(step, low) / 2, which is above 0.
#pragma once

#include <cstdint>
#include <vector>

#include "search/parameter.h"

namespace pegbox {

class UnitScale {
 public:
  UnitScale() = default;
  explicit UnitScale(const Parameter& parameter);  ///< of kind Real or Integer, already checked

  double value(double unit) const;  ///< the value at `unit`; clamped to [0, 1]
  double unit(double value) const;  ///< the centre of the value's cell; values outside the range count as its ends
  double unit_beyond(double value) const;  ///< the same, but beyond the ends the scale goes on: below 0, above 1
  double snap(double value) const;         ///< the nearest value that the parameter takes

  std::int64_t levels() const { return levels_; }  ///< number of values; 0: a continuum
  double level(std::int64_t index) const;          ///< the index-th value, where there are levels

  /// A distance from the parameter's centre `at` as a part of the unit axis: `spread` is a factor on a log scale, else
  /// in natural units.
  double unit_spread(double spread) const;

 private:
  std::int64_t index_of(double value) const;
  double round(double value) const;

  double low_ = 0, high_ = 1, step_ = 0;
  bool log_ = false;
  std::int64_t levels_ = 0;
  double edge_ = 0;    ///< where the unit axis begins, in natural units
  double length_ = 1;  ///< of the unit axis, in the scale
};

/// The number of levels that a range and a step give: the largest n with low + (n - 1) step <= high.
std::int64_t count_levels(double low, double high, double step);

/// The multiple of 10^exponent nearest to `value`, as the double nearest to that decimal number.
double round_to_decimal(double value, int exponent);

/// `value`, which is finite, to so many significant decimal digits.
double round_to_digits(double value, int digits);

}  // namespace pegbox
