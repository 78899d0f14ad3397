// The kernel of one pair of points, and the check of points.
#include "math/kernel.h"

#include <fmt/format.h>

#include <cassert>
#include <cmath>

namespace pegbox::math {
namespace {

std::string expectation(const Dimension& dimension) {
  std::string text = dimension.kind == DimensionKind::Real ? "a finite number" : "the index of a choice";
  if (dimension.conditional) text += " or inactive";
  return text;
}

bool is_allowed(const Dimension& dimension, double x) {
  if (std::isnan(x)) return dimension.conditional;
  if (!std::isfinite(x)) return false;
  return dimension.kind == DimensionKind::Real || (x >= 0 && x == std::floor(x));
}

}  // namespace

Result<void> check_points(std::span<const Dimension> dimensions, std::span<const double> points) {
  const std::size_t d = dimensions.size();
  if (d == 0) return fail(ErrorKind::InvalidInput, {.where = "Gaussian process", .what = "a space without dimensions"});
  if (points.size() % d != 0)
    return fail(ErrorKind::InvalidInput, {.where = "Gaussian process",
                                          .what = "the points are not rows of the space's dimensions",
                                          .got = fmt::format("{} numbers", points.size()),
                                          .expected = fmt::format("a multiple of {}", d)});
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Dimension& dimension = dimensions[i % d];
    if (is_allowed(dimension, points[i])) continue;
    return fail(ErrorKind::InvalidInput, {.where = fmt::format("Gaussian process: point {}", i / d),
                                          .what = fmt::format("coordinate {} is not of its kind", i % d),
                                          .got = fmt::format("{}", points[i]),
                                          .expected = expectation(dimension)});
  }
  return {};
}

double squared_difference(const Dimension& dimension, double x, double y) {
  const bool x_active = !std::isnan(x), y_active = !std::isnan(y);
  if (!x_active && !y_active) return 0;
  if (dimension.kind == DimensionKind::Categorical) return x_active && y_active && x == y ? 0 : 1;
  if (x_active != y_active) return kArcRadius * kArcRadius;
  if (!dimension.conditional) return (x - y) * (x - y);
  const double chord = 2 * kArcRadius * std::sin((x - y) / (2 * kArcRadius));
  return chord * chord;
}

double kernel(std::span<const Dimension> dimensions, const Hyperparameters& hyperparameters, std::span<const double> x,
              std::span<const double> y) {
  const std::size_t d = dimensions.size();
  assert(x.size() == d && y.size() == d && hyperparameters.length_scales.size() == d);
  double r_squared = 0, q = 0;
  for (std::size_t j = 0; j < d; ++j) {
    const bool real = dimensions[j].kind == DimensionKind::Real;
    const auto seen = [&](double at) {
      return real && !hyperparameters.warps.empty() ? warped(hyperparameters.warps[j], at) : at;
    };
    const double length = hyperparameters.length_scales[j];
    (real ? r_squared : q) += squared_difference(dimensions[j], seen(x[j]), seen(y[j])) / (length * length);
  }
  const double a = std::sqrt(5 * r_squared);
  return hyperparameters.signal_variance * (1 + a + a * a / 3) * std::exp(-a - q);
}

}  // namespace pegbox::math
