// Warp: a monotone map of [0, 1] to itself, by which a kernel sees one coordinate.
//
//   w(x) = 1 - (1 - u^a)^b,   u = e + (1 - 2 e) x,   e = 1e-6
//
// Kumaraswamy's distribution function. a > 1 flattens what is near 0, a < 1 stretches it; b does the same near 1;
// a = b = 1 changes nothing. So a function that is steep at one end of an axis and flat at the other
// is alike everywhere to the kernel: Snoek, Swersky, Zemel, Adams, "Input warping for Bayesian optimization of
// non-stationary functions", ICML 2014 (arXiv 1402.0929), there with Beta distributions. e keeps slopes finite.
#pragma once

namespace pegbox::math {

struct Warp {
  double a = 1, b = 1;  ///< > 0
};

struct WarpSlopes {
  double value = 0;
  double by_x = 1;
  double by_log_a = 0, by_log_b = 0;
};

/// w(x), for x in [0, 1]; not a number where x is not.
double warped(const Warp& warp, double x);

/// w(x) and its derivatives.
WarpSlopes warp_with_slopes(const Warp& warp, double x);

}  // namespace pegbox::math
