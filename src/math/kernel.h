// Kernel: the covariance of a Gaussian process over real, categorical and conditional dimensions.
//
//   k(x, y) = s^2 * M(r) * exp(-q),   M(r) = (1 + sqrt(5) r + 5/3 r^2) exp(-sqrt(5) r)   (Matern 5/2)
//   r^2 = sum over real dimensions j of D_j(x, y) / l_j^2,   q = sum over categorical dimensions j of D_j(x, y) / l_j^2
//
//   D_j for a real dimension               (x_j - y_j)^2; where the dimension is warped (warp.h), of what the warp
//   makes
//     of x_j and y_j, here and below
//   D_j for a categorical dimension        1 if x_j and y_j differ, else 0; inactive is one more category
//   D_j for a conditional real dimension   the squared distance after an embedding into the plane: an inactive
//     coordinate is the centre, an active one lies at radius R = 2/pi and angle x_j / R, on a quarter circle. So active
//     and inactive are R apart whatever the value, two inactive ones coincide, and near values are |x_j - y_j| apart.
//
// r is a Euclidean distance in the embedding, so M is positive definite there; exp(-q) is a product of matrices with
// ones on the diagonal and one constant elsewhere; products of positive definite kernels are so too. The embedding is
// that of Swersky et al., "Raiders of the lost architecture: kernels for Bayesian optimization in conditional parameter
// spaces" (arXiv 1409.4011), with a fixed angle: whether a coordinate is active is usually told by its parent as well.
// The categorical factor has l^2 and not l so that one dimension-scaled prior serves all kinds.
#pragma once

#include <cstdint>
#include <limits>
#include <numbers>
#include <span>
#include <vector>

#include "base/result.h"
#include "math/warp.h"

namespace pegbox::math {

enum class DimensionKind : std::uint8_t { Real, Categorical };

struct Dimension {
  DimensionKind kind = DimensionKind::Real;
  bool conditional = false;  ///< may be inactive
};

/// The value of an inactive coordinate: not a number.
inline constexpr double kInactive = std::numeric_limits<double>::quiet_NaN();

inline constexpr double kArcRadius = 2 / std::numbers::pi;  ///< R of the embedding

struct Hyperparameters {
  std::vector<double> length_scales;  ///< [d], > 0
  double signal_variance = 1;         ///< s^2, > 0
  double noise_variance = 1e-2;       ///< of an observation, >= 0
  double mean = 0;                    ///< the constant mean
  std::vector<Warp> warps{};          ///< [d], read where the dimension is real; empty: none
};

/// What is believed of the noise variance of standardized targets before they are seen: LogNormal(centre, spread). The
/// default is BoTorch's: little noise.
struct NoisePrior {
  double centre = -4;
  double spread = 1;
};

/// InvalidInput, naming the point and the coordinate, unless `points` is [n, d] and each coordinate is allowed: real
/// ones finite, categorical ones whole numbers >= 0, inactive ones only in conditional dimensions.
Result<void> check_points(std::span<const Dimension> dimensions, std::span<const double> points);

/// D_j(x, y) of the formula above, without its length scale and without a warp.
double squared_difference(const Dimension& dimension, double x, double y);

/// k(x, y), without noise: the definition. GaussianProcess computes the same in bulk.
double kernel(std::span<const Dimension> dimensions, const Hyperparameters& hyperparameters, std::span<const double> x,
              std::span<const double> y);

}  // namespace pegbox::math
