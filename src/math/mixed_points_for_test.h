// Random points of a space with every kind of dimension. For tests of this room.
#pragma once

#include <cmath>
#include <vector>

#include "base/rng.h"
#include "math/kernel.h"

namespace pegbox::math {

inline const std::vector<Dimension> kMixedSpace{{DimensionKind::Real, false}, {DimensionKind::Categorical, false},
                                                {DimensionKind::Real, true},  {DimensionKind::Categorical, true},
                                                {DimensionKind::Real, false}, {DimensionKind::Real, true}};

inline std::vector<double> random_point(const std::vector<Dimension>& dimensions, Rng& rng) {
  std::vector<double> point;
  for (const auto& dimension : dimensions) {
    const double value = dimension.kind == DimensionKind::Real ? rng.uniform() : static_cast<double>(rng.below(3));
    point.push_back(dimension.conditional && rng.uniform() < 0.4 ? kInactive : value);
  }
  return point;
}

inline std::vector<double> random_points(const std::vector<Dimension>& dimensions, int count, Rng& rng) {
  std::vector<double> points;
  for (int i = 0; i < count; ++i)
    for (double x : random_point(dimensions, rng)) points.push_back(x);
  return points;
}

inline Hyperparameters random_hyperparameters(const std::vector<Dimension>& dimensions, Rng& rng) {
  Hyperparameters result{.signal_variance = 0.5 + rng.uniform(), .noise_variance = 0.01, .mean = rng.normal()};
  for (std::size_t j = 0; j < dimensions.size(); ++j) result.length_scales.push_back(0.3 + 2 * rng.uniform());
  return result;
}

/// Of the real dimensions; the others keep theirs.
inline std::vector<Warp> random_warps(const std::vector<Dimension>& dimensions, double spread, Rng& rng) {
  std::vector<Warp> warps(dimensions.size());
  for (std::size_t j = 0; j < warps.size(); ++j)
    if (dimensions[j].kind == DimensionKind::Real)
      warps[j] = {std::exp(spread * rng.normal()), std::exp(spread * rng.normal())};
  return warps;
}

}  // namespace pegbox::math
