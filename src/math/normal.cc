// The standard normal distribution and log h, by branches that keep relative precision.
#include "math/normal.h"

#include <boost/math/special_functions/erf.hpp>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

namespace pegbox::math {
namespace {

constexpr double kLogRootTwoPi = 0.91893853320467274178;  // log(2 pi) / 2
constexpr double kTail = 4;  // beyond it the continued fraction needs few terms, and differences lose 16 ulp before it

// Laplace's continued fraction: Mills' ratio Phi(-u) / phi(u) = 1 / (u + c), c = 1 / (u + 2 / (u + 3 / (u + ...))).
// It ends after 60 terms: relative error below 1e-16 for u >= 4.
double mills_remainder(double u) {
  double rest = u;
  for (int k = 60; k >= 2; --k) rest = u + k / rest;
  return 1 / rest;
}

}  // namespace

double normal_log_pdf(double z) { return -0.5 * z * z - kLogRootTwoPi; }

double normal_pdf(double z) { return std::exp(normal_log_pdf(z)); }

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

double normal_quantile(double probability) {
  assert(probability >= 0 && probability <= 1);
  if (probability == 0) return -std::numeric_limits<double>::infinity();
  if (probability == 1) return std::numeric_limits<double>::infinity();
  return -std::numbers::sqrt2 * boost::math::erfc_inv(2 * probability);
}

ValueAndSlope normal_log_cdf(double z) {
  if (z < -kTail) {
    const double inverse_mills = -z + mills_remainder(-z);
    return {normal_log_pdf(z) - std::log(inverse_mills), inverse_mills};
  }
  const double upper = normal_cdf(-z);
  const double value = z > 0 ? std::log1p(-upper) : std::log(normal_cdf(z));
  return {value, normal_pdf(z) / normal_cdf(z)};
}

ValueAndSlope log_h(double z) {
  if (z >= -kTail) {
    const double cdf = normal_cdf(z);
    const double h = normal_pdf(z) + z * cdf;
    return {std::log(h), cdf / h};
  }
  // With u = -z and Mills' ratio m = 1 / (u + c): h = phi(u) (1 - u m) = phi(u) c m, and Phi(z) = phi(u) m.
  const double c = mills_remainder(-z);
  return {normal_log_pdf(z) + std::log(c) - std::log(-z + c), 1 / c};
}

}  // namespace pegbox::math
