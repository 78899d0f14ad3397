// The kernel: values by hand, positive semidefiniteness on mixed points, and the bulk form against the definition.
#include "math/kernel.h"

#include <gmock/gmock.h>

#include <Eigen/Eigenvalues>
#include <cmath>

#include "math/embedding.h"
#include "math/mixed_points_for_test.h"

namespace pegbox::math {
namespace {

using Vector = std::vector<double>;

constexpr Dimension kReal{}, kConditional{DimensionKind::Real, true}, kCategorical{DimensionKind::Categorical, false},
    kConditionalCategorical{DimensionKind::Categorical, true};

TEST(Kernel, IsMaternFiveHalvesOverOneRealDimension) {
  const Hyperparameters h{.length_scales = {0.4}, .signal_variance = 2};
  // sklearn.gaussian_process.kernels.Matern(0.4, nu=2.5)([[0.2]], [[0.7]]), scikit-learn 1.9.1
  EXPECT_NEAR(kernel(std::vector{kReal}, h, Vector{0.2}, Vector{0.7}), 2 * 0.3910562295193223, 1e-15);
  EXPECT_EQ(kernel(std::vector{kReal}, h, Vector{0.2}, Vector{0.2}), 2);
}

TEST(Kernel, DifferentChoicesAreOneFactorApart) {
  const Hyperparameters h{.length_scales = {0.5}};
  EXPECT_EQ(kernel(std::vector{kCategorical}, h, Vector{2}, Vector{2}), 1);
  EXPECT_NEAR(kernel(std::vector{kCategorical}, h, Vector{2}, Vector{0}), std::exp(-4), 1e-16);
  EXPECT_NEAR(kernel(std::vector{kCategorical}, h, Vector{1}, Vector{0}), std::exp(-4), 1e-16);
}

TEST(Kernel, InactiveIsOneRadiusFromEveryActiveValueAndNothingFromItself) {
  const double radius_squared = 4 / (std::numbers::pi * std::numbers::pi);
  for (double x : {0.0, 0.3, 1.0}) {
    EXPECT_NEAR(squared_difference(kConditional, x, kInactive), radius_squared, 1e-15);
    EXPECT_NEAR(squared_difference(kConditional, kInactive, x), radius_squared, 1e-15);
  }
  EXPECT_EQ(squared_difference(kConditional, kInactive, kInactive), 0);
  EXPECT_EQ(squared_difference(kConditionalCategorical, kInactive, kInactive), 0);
  EXPECT_EQ(squared_difference(kConditionalCategorical, 1, kInactive), 1);
}

TEST(Kernel, ActiveValuesOfAConditionalDimensionAreAsFarApartAsTheirChord) {
  EXPECT_NEAR(squared_difference(kConditional, 0.4, 0.401), 1e-6, 1e-11);
  EXPECT_NEAR(squared_difference(kConditional, 0, 1), 8 / (std::numbers::pi * std::numbers::pi), 1e-15);  // 90 degrees
}

TEST(Kernel, MatricesOfMixedPointsArePositiveSemidefinite) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Rng rng({.seed = seed});
    const Vector points = random_points(kMixedSpace, 40, rng);
    const Hyperparameters h = random_hyperparameters(kMixedSpace, rng);
    const std::size_t d = kMixedSpace.size();
    Eigen::MatrixXd matrix(40, 40);
    for (int i = 0; i < 40; ++i)
      for (int k = 0; k < 40; ++k)
        matrix(i, k) = kernel(kMixedSpace, h, std::span(points).subspan(i * d, d), std::span(points).subspan(k * d, d));
    EXPECT_EQ(matrix, Eigen::MatrixXd(matrix.transpose()));
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(matrix, Eigen::EigenvaluesOnly);
    EXPECT_GT(solver.eigenvalues().minCoeff(), -1e-12) << seed;
  }
}

TEST(Kernel, BulkCovariancesEqualTheDefinition) {
  Rng rng({.seed = 5});
  const std::size_t d = kMixedSpace.size();
  const Vector a = random_points(kMixedSpace, 25, rng), b = random_points(kMixedSpace, 9, rng);
  const Hyperparameters h = random_hyperparameters(kMixedSpace, rng);
  const Embedding embedding(kMixedSpace);
  const KernelValues values = embedding.cross(embedding.embed(a), embedding.embed(b), h);
  ASSERT_EQ(values.value.rows(), 25);
  ASSERT_EQ(values.value.cols(), 9);
  for (int i = 0; i < 25; ++i)
    for (int k = 0; k < 9; ++k)
      EXPECT_NEAR(values.value(i, k),
                  kernel(kMixedSpace, h, std::span(a).subspan(i * d, d), std::span(b).subspan(k * d, d)), 1e-14);
}

TEST(Kernel, ChecksNameThePointTheCoordinateAndWhatWouldBeRight) {
  const std::vector<Dimension> space{kReal, kCategorical, kConditional};
  EXPECT_TRUE(check_points(space, Vector{0.1, 2, kInactive, 0.5, 0, 0.5}));
  EXPECT_FALSE(check_points(space, Vector{0.1, 2}));
  EXPECT_FALSE(check_points({}, Vector{}));
  EXPECT_FALSE(check_points(space, Vector{INFINITY, 2, 0}));
  EXPECT_FALSE(check_points(space, Vector{0, -1, 0}));
  EXPECT_FALSE(check_points(space, Vector{0, kInactive, 0}));
  EXPECT_FALSE(check_points(space, Vector{kInactive, 0, 0}));
  const auto result = check_points(space, Vector{0.1, 2, 0.3, 0.1, 1.5, 0.3});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, ::testing::HasSubstr("point 1"));
  EXPECT_THAT(result.error().message, ::testing::HasSubstr("coordinate 1"));
  EXPECT_THAT(result.error().message, ::testing::HasSubstr("1.5"));
}

}  // namespace
}  // namespace pegbox::math
