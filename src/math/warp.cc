// Kumaraswamy's distribution function, by logarithms so that nothing cancels at the ends.
#include "math/warp.h"

#include <cmath>

namespace pegbox::math {
namespace {

constexpr double kMargin = 1e-6;

double inside(double x) { return kMargin + (1 - 2 * kMargin) * x; }

}  // namespace

double warped(const Warp& warp, double x) {
  return -std::expm1(warp.b * std::log(-std::expm1(warp.a * std::log(inside(x)))));
}

WarpSlopes warp_with_slopes(const Warp& warp, double x) {
  const auto [a, b] = warp;
  const double log_u = std::log(inside(x)), power = std::exp(a * log_u);
  const double log_rest = std::log(-std::expm1(a * log_u));  // of 1 - u^a
  const double by_power = b * std::exp((b - 1) * log_rest);
  return {.value = -std::expm1(b * log_rest),
          .by_x = by_power * a * std::exp((a - 1) * log_u) * (1 - 2 * kMargin),
          .by_log_a = by_power * power * a * log_u,
          .by_log_b = -b * log_rest * std::exp(b * log_rest)};
}

}  // namespace pegbox::math
