// Importance: how much of a function's variance each dimension explains alone (first-order functional ANOVA).
//
// The share of dimension j is Var(E[f | x_j]) / Var(f) over points drawn from the space, with E[f | x_j] taken in bins
// of x_j and corrected for the noise of the bins' means. Shares need not add up to 1: the rest is interaction. Points
// come from the caller, who knows which combinations are possible; "inactive" is a bin of its own.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "math/gaussian_process.h"

namespace pegbox::math {

struct Importance {
  std::vector<double> shares;    ///< [d], each in [0, 1]
  double interaction_share = 0;  ///< what is left of 1, at least 0
  double total_variance = 0;     ///< of f over the points; all shares are 0 where it is 0
};

/// Of values f at points [m, d]. Some thousands of Sobol points give shares to about 0.01. InvalidInput for shapes that
/// do not agree, fewer than 64 points, or values that are not finite.
Result<Importance> variance_shares(std::span<const Dimension> dimensions, std::span<const double> points,
                                   std::span<const double> values);

/// As above for a process's posterior mean at the points.
Result<Importance> importance_of(const GaussianProcess& process, std::span<const double> points);

}  // namespace pegbox::math
