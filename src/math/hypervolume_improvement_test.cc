// Expected hypervolume improvement: against quadrature, simulation and the hypervolume itself; gradients by
// differences.
#include "math/hypervolume_improvement.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "math/pareto.h"

namespace pegbox::math {
namespace {

const std::vector<double> kFront{0.6, 0.35, 0.1, 0.9, 0.8, 0.1, 0.3, 0.5};
constexpr std::array kCorner{1.1, 1.2};

FrontOfTwo front_of(const std::vector<double>& points, std::array<double, 2> reference = kCorner) {
  auto front = FrontOfTwo::create(points, reference);
  EXPECT_TRUE(front) << front.error().message;
  return std::move(*front);
}

Prediction normal(double mean, double deviation) { return {mean, deviation * deviation}; }

double improvement(const FrontOfTwo& front, const Prediction& first, const Prediction& second) {
  return std::exp(front.log_expected_improvement(first, second));
}

double volume_with(std::vector<double> points, double first, double second) {
  points.insert(points.end(), {first, second});
  return *hypervolume(points, kCorner);
}

TEST(HypervolumeImprovement, EqualsQuadrature) {
  // scipy 1.17: integrate.quad, nested, of the added volume times both densities; epsrel 1e-10. The same to 14 digits
  // (6 in the tail) from BoTorch 0.18.1, ExpectedHypervolumeImprovement.
  const FrontOfTwo front = front_of(kFront);
  EXPECT_NEAR(improvement(front, normal(0.4, 0.2), normal(0.4, 0.1)), 0.044395320008177, 1e-12);
  EXPECT_NEAR(improvement(front, normal(0.2, 0.05), normal(0.2, 0.3)), 0.2326335975153, 1e-12);
  EXPECT_NEAR(improvement(front, normal(0.9, 0.1), normal(0.9, 0.1)) / 3.0629165e-11, 1, 1e-6);
  EXPECT_NEAR(improvement(front, normal(0.05, 0.02), normal(1.0, 0.5)), 0.06564837316109, 1e-12);
  EXPECT_NEAR(improvement(front, normal(2, 1), normal(1.5, 0.5)), 0.00126567086668, 1e-12);
  EXPECT_NEAR(improvement(front_of({}), normal(0.5, 0.3), normal(0.5, 0.3)), 0.42238308616833, 1e-12);
}

TEST(HypervolumeImprovement, EqualsSimulationWithTheHypervolume) {
  Rng rng({.seed = 3});
  for (int round = 0; round < 5; ++round) {
    std::vector<double> points;
    for (int i = 0; i < 12; ++i) points.push_back(rng.uniform());
    const double mean[] = {rng.uniform(), rng.uniform()}, spread[] = {0.05 + 0.3 * rng.uniform(), 0.2};
    const double before = *hypervolume(points, kCorner);
    double sum = 0;
    constexpr int kDraws = 20000;
    for (int i = 0; i < kDraws; ++i)
      sum += volume_with(points, mean[0] + spread[0] * rng.normal(), mean[1] + spread[1] * rng.normal()) - before;
    EXPECT_NEAR(improvement(front_of(points), normal(mean[0], spread[0]), normal(mean[1], spread[1])), sum / kDraws,
                0.006)
        << round;  // standard error below 0.0015
  }
}

TEST(HypervolumeImprovement, WithoutVarianceIsTheAddedVolume) {
  const FrontOfTwo front = front_of(kFront);
  const double before = *hypervolume(kFront, kCorner);
  for (const auto& [first, second] : {std::pair{0.2, 0.2}, {0.05, 0.05}, {0.3, 0.45}, {0.7, 0.3}, {1.0, 0.01}})
    EXPECT_NEAR(improvement(front, normal(first, 0), normal(second, 0)), volume_with(kFront, first, second) - before,
                1e-14);
  EXPECT_EQ(front.log_expected_improvement(normal(0.9, 0), normal(0.9, 0)), -INFINITY);
}

TEST(HypervolumeImprovement, KeepsThePointsThatNoOtherDominates) {
  Rng rng({.seed = 5});
  for (int round = 0; round < 20; ++round) {
    std::vector<double> points;
    for (int i = 0; i < 40; ++i) points.push_back(static_cast<double>(rng.below(8)) / 8);
    const auto kept = pareto_front(points, 2);
    ASSERT_TRUE(kept);
    std::vector<std::pair<double, double>> expected;
    for (const int i : *kept)
      expected.emplace_back(points[2 * static_cast<std::size_t>(i)], points[2 * static_cast<std::size_t>(i) + 1]);
    std::ranges::sort(expected);
    expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
    EXPECT_EQ(front_of(points).size(), expected.size());
    const double corner = *hypervolume(points, kCorner);  // seen from far below everything is added but this
    EXPECT_NEAR(improvement(front_of(points), normal(-1, 0), normal(-1, 0)), 2.1 * 2.2 - corner, 1e-12);
  }
}

TEST(HypervolumeImprovement, StaysFiniteAndOrderedWhereThePlainValueIsZero) {
  const FrontOfTwo front = front_of(kFront);
  const double far = front.log_expected_improvement(normal(0.5, 0.001), normal(0.6, 0.001));
  const double farther = front.log_expected_improvement(normal(0.5, 0.001), normal(0.7, 0.001));
  EXPECT_TRUE(std::isfinite(farther));
  EXPECT_LT(farther, far);
  EXPECT_LT(far, -1000);
}

TEST(HypervolumeImprovement, IsSmoothWherePointsOfTheFrontAreClose) {
  const std::vector<double> close{0.3, 0.5, 0.3 + 1e-12, 0.5 - 1e-12}, one{0.3, 0.5};
  const auto first = normal(0.4, 0.3), second = normal(0.2, 0.3);
  EXPECT_EQ(front_of(close).size(), 2u);
  EXPECT_NEAR(front_of(close).log_expected_improvement(first, second),
              front_of(one).log_expected_improvement(first, second), 1e-9);
}

TEST(HypervolumeImprovement, HasAGradientThatAgreesWithDifferences) {
  const FrontOfTwo front = front_of(kFront);
  // Coordinates: the two means and the two variances.
  const auto at = [](const std::array<double, 4>& x, int which) {
    PredictionGradient gradient{{x[static_cast<std::size_t>(which)], x[static_cast<std::size_t>(2 + which)]},
                                std::vector<double>(4, 0.0),
                                std::vector<double>(4, 0.0)};
    gradient.mean_gradient[static_cast<std::size_t>(which)] = 1;
    gradient.variance_gradient[static_cast<std::size_t>(2 + which)] = 1;
    return gradient;
  };
  const auto whole = [&](const std::array<double, 4>& x) { return front.log_expected_improvement(at(x, 0), at(x, 1)); };
  for (const std::array<double, 4>& x :
       {std::array{0.4, 0.4, 0.04, 0.01}, {0.9, 0.9, 0.02, 0.03}, {0.05, 1, 0.1, 0.2}, {0.5, 0.7, 1e-4, 1e-4}}) {
    const auto acquisition = whole(x);
    for (std::size_t j = 0; j < 4; ++j) {
      std::array<double, 4> up = x, down = x;
      const double step = 1e-5 * x[j];
      up[j] += step, down[j] -= step;
      const double slope = (whole(up).value - whole(down).value) / (2 * step);
      EXPECT_NEAR(acquisition.gradient[j], slope, 1e-5 * (1 + std::abs(slope))) << j;
    }
  }
}

TEST(HypervolumeImprovement, RefusesWhatIsNotFinite) {
  EXPECT_FALSE(FrontOfTwo::create(std::vector<double>{0.1, INFINITY}, kCorner));
  EXPECT_FALSE(FrontOfTwo::create(std::vector<double>{0.1}, kCorner));
}

}  // namespace
}  // namespace pegbox::math
