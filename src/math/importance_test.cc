// Variance shares of functions whose shares are known.
#include "math/importance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "math/sobol.h"

namespace pegbox::math {
namespace {

using Vector = std::vector<double>;

Vector values_at(const Vector& points, int d, const std::function<double(std::span<const double>)>& function) {
  Vector values;
  for (std::size_t i = 0; i < points.size(); i += d) values.push_back(function(std::span(points).subspan(i, d)));
  return values;
}

Vector sobol_points(int d, int count) { return Sobol::create(d, {.seed = 1})->points(0, count); }

// Variances of 3 x, 2 x^2 and 0.5 sin(2 pi x) on [0, 1]: 9 / 12, 4 * 4 / 45, 0.25 / 2.
TEST(Importance, SharesOfAnAdditiveFunctionAreItsTermsVariances) {
  const Vector points = sobol_points(4, 4096);
  const auto importance =
      *variance_shares(std::vector<Dimension>(4), points, values_at(points, 4, [](std::span<const double> x) {
                         return 3 * x[0] + 2 * x[1] * x[1] + 0.5 * std::sin(2 * M_PI * x[3]);
                       }));
  const double first = 9.0 / 12, second = 16.0 / 45, fourth = 0.125, total = first + second + fourth;
  EXPECT_NEAR(importance.total_variance, total, 0.01);
  EXPECT_NEAR(importance.shares[0], first / total, 0.01);
  EXPECT_NEAR(importance.shares[1], second / total, 0.01);
  EXPECT_NEAR(importance.shares[2], 0, 0.005);
  EXPECT_NEAR(importance.shares[3], fourth / total, 0.01);
  EXPECT_LT(importance.interaction_share, 0.02);
}

// Ishigami's function with a = 7, b = 0.1: the parts of its variance are (1 + b pi^4 / 5)^2 / 2 = 4.3459, a^2 / 8
// = 6.125 and, of the first and the third together, b^2 pi^8 (1 / 18 - 1 / 50) = 3.3737; shares 0.3139, 0.4424, 0.2437.
TEST(Importance, SharesOfIshigamisFunctionAreThePublishedIndices) {
  const Vector points = sobol_points(3, 8192);
  const auto importance =
      *variance_shares(std::vector<Dimension>(3), points, values_at(points, 3, [](std::span<const double> x) {
                         const auto angle = [](double u) { return M_PI * (2 * u - 1); };
                         const double s = std::sin(angle(x[0]));
                         return s + 7 * std::pow(std::sin(angle(x[1])), 2) + 0.1 * std::pow(angle(x[2]), 4) * s;
                       }));
  EXPECT_NEAR(importance.shares[0], 0.3139, 0.012);
  EXPECT_NEAR(importance.shares[1], 0.4424, 0.012);
  EXPECT_NEAR(importance.shares[2], 0, 0.005);
  EXPECT_NEAR(importance.interaction_share, 0.2437, 0.02);
}

// f = 0 where inactive, 1 + x where active, half of the time each: the parent explains 0.5625 / 0.6042, the child all.
TEST(Importance, InactiveIsALevelOfItsOwn) {
  const std::vector<Dimension> space{{DimensionKind::Categorical}, {DimensionKind::Real, true}};
  Vector points = sobol_points(2, 4096), values;
  for (std::size_t i = 0; i < points.size(); i += 2) {
    points[i] = points[i] < 0.5 ? 0 : 1;
    values.push_back(points[i] == 1 ? 1 + points[i + 1] : 0);
    if (points[i] == 0) points[i + 1] = kInactive;
  }
  const auto importance = *variance_shares(space, points, values);
  EXPECT_NEAR(importance.shares[0], 0.5625 / (7.0 / 6 - 0.5625), 0.01);
  EXPECT_NEAR(importance.shares[1], 1, 0.005);
}

TEST(Importance, IndependentNoiseHasNoShare) {
  const Vector points = sobol_points(5, 2048);
  Rng rng({.seed = 2});
  const auto importance =
      *variance_shares(std::vector<Dimension>(5), points, values_at(points, 5, [&](auto) { return rng.normal(); }));
  for (double share : importance.shares) EXPECT_LT(share, 0.012);
  EXPECT_GT(importance.interaction_share, 0.95);
}

TEST(Importance, AConstantFunctionHasNoShares) {
  const Vector points = sobol_points(2, 128);
  const auto importance = *variance_shares(std::vector<Dimension>(2), points, Vector(128, 0.1));
  EXPECT_EQ(importance.shares, (Vector{0, 0}));
  EXPECT_EQ(importance.interaction_share, 0);
}

TEST(Importance, OfAFittedProcessAreThoseOfItsFunction) {
  const std::vector<Dimension> space(3);
  const Vector observed = sobol_points(3, 60);
  const auto process = *GaussianProcess::fit(space, observed, values_at(observed, 3, [](std::span<const double> x) {
                                               return 4 * (x[0] - 0.5) * (x[0] - 0.5) + 0.5 * x[2];
                                             }));
  const auto importance = *importance_of(process, sobol_points(3, 4096));
  const double first = 16.0 / 180, third = 0.25 / 12;
  EXPECT_NEAR(importance.shares[0], first / (first + third), 0.02);
  EXPECT_NEAR(importance.shares[1], 0, 0.01);
  EXPECT_NEAR(importance.shares[2], third / (first + third), 0.02);
}

TEST(Importance, RefusesTooFewPointsAndBrokenValues) {
  const std::vector<Dimension> line(1);
  EXPECT_FALSE(variance_shares(line, sobol_points(1, 32), Vector(32, 1.0)));
  EXPECT_FALSE(variance_shares(line, sobol_points(1, 64), Vector(63, 1.0)));
  Vector values(64, 1.0);
  values[5] = NAN;
  EXPECT_FALSE(variance_shares(line, sobol_points(1, 64), values));
}

}  // namespace
}  // namespace pegbox::math
