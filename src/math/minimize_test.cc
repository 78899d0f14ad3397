// Minimizers on functions whose minimum is known, at bounds, with holes, within their evaluations.
#include "math/minimize.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/rng.h"

namespace pegbox::math {
namespace {

using Vector = std::vector<double>;

double rosenbrock(std::span<const double> x, std::span<double> gradient) {
  double sum = 0;
  if (!gradient.empty()) std::fill(gradient.begin(), gradient.end(), 0.0);
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    const double curve = x[i + 1] - x[i] * x[i], rest = 1 - x[i];
    sum += 100 * curve * curve + rest * rest;
    if (gradient.empty()) continue;
    gradient[i] += -400 * x[i] * curve - 2 * rest;
    gradient[i + 1] += 200 * curve;
  }
  return sum;
}

Box box_of(int dimensions, double low, double high) { return {Vector(dimensions, low), Vector(dimensions, high)}; }

TEST(Minimize, FollowsRosenbrocksValleyToItsEnd) {
  for (int dimensions : {2, 5, 10}) {
    const auto found = minimize(rosenbrock, Vector(dimensions, -1.2), box_of(dimensions, -5, 5),
                                {.max_evaluations = 500, .relative_tolerance = 1e-15});
    ASSERT_TRUE(found);
    EXPECT_LE(found->evaluations, 500);
    EXPECT_LT(found->value, 1e-9);
    for (double x : found->x) EXPECT_NEAR(x, 1, 1e-4) << dimensions;
  }
}

// The minimum of Rosenbrock's function with x <= 0.5 is at (0.5, 0.25).
TEST(Minimize, StopsAtABoundWhereTheMinimumLiesBeyondIt) {
  const auto found = minimize(rosenbrock, Vector{-1.2, 1}, {{-2, -2}, {0.5, 2}}, {.relative_tolerance = 1e-15});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->x[0], 0.5);
  EXPECT_NEAR(found->x[1], 0.25, 1e-6);
}

// For a convex quadratic in a box the conditions of Karush, Kuhn and Tucker are sufficient.
TEST(Minimize, MeetsTheOptimalityConditionsOfRandomQuadraticsInABox) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Rng rng({.seed = seed});
    constexpr int n = 8;
    double a[n][n], target[n];
    for (auto& row : a)
      for (double& value : row) value = rng.normal();
    for (double& value : target) value = 2 * rng.normal();
    const GradientFunction function = [&](std::span<const double> x, std::span<double> gradient) {
      double value = 0;
      std::fill(gradient.begin(), gradient.end(), 0.0);
      for (int i = 0; i < n; ++i) {
        double residual = -target[i];
        for (int j = 0; j < n; ++j) residual += a[i][j] * x[j];
        value += 0.5 * residual * residual;
        for (int j = 0; j < n; ++j) gradient[j] += residual * a[i][j];
      }
      return value;
    };
    const auto found = minimize(function, Vector(n, 0.5), Box::unit(n),
                                {.max_evaluations = 2000, .gradient_tolerance = 1e-6, .relative_tolerance = 0});
    ASSERT_TRUE(found);
    Vector gradient(n);
    function(found->x, gradient);
    for (int j = 0; j < n; ++j) {
      EXPECT_TRUE(found->x[j] == 0 || gradient[j] < 1e-4) << "seed " << seed;
      EXPECT_TRUE(found->x[j] == 1 || gradient[j] > -1e-4) << "seed " << seed;
    }
  }
}

TEST(Minimize, BacksOutOfRegionsWithoutAValue) {
  const GradientFunction function = [](std::span<const double> x, std::span<double> gradient) {
    gradient[0] = 1 - 1e-3 / x[0];
    return x[0] - 1e-3 * std::log(x[0]);  // not a number below 0
  };
  const auto found = minimize(function, Vector{5}, box_of(1, -10, 10), {.relative_tolerance = 1e-14});
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->x[0], 1e-3, 1e-5);
}

TEST(Minimize, LeavesFixedCoordinatesAndMovesAStartIntoTheBox) {
  const auto found = minimize(rosenbrock, Vector{9, 9}, {{0.3, -5}, {0.3, 5}}, {.relative_tolerance = 1e-15});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->x[0], 0.3);
  EXPECT_NEAR(found->x[1], 0.09, 1e-7);
}

TEST(Minimize, CopesWithScalesFarFromOne) {
  for (double scale : {1e-6, 1e6}) {
    const GradientFunction function = [&](std::span<const double> x, std::span<double> gradient) {
      gradient[0] = 2 * scale * (x[0] - 3);
      gradient[1] = 0.02 * scale * (x[1] + 4);
      return scale * ((x[0] - 3) * (x[0] - 3) + 0.01 * (x[1] + 4) * (x[1] + 4));
    };
    const auto found = minimize(function, Vector{0, 0}, box_of(2, -100, 100),
                                {.gradient_tolerance = 1e-6 * scale, .relative_tolerance = 0});
    ASSERT_TRUE(found);
    EXPECT_NEAR(found->x[0], 3, 1e-3);
    EXPECT_NEAR(found->x[1], -4, 1e-3);
  }
}

TEST(Minimize, NeverEvaluatesMoreThanAllowedNorReturnsWorseThanItsStart) {
  for (int allowed : {1, 2, 3, 7, 20}) {
    int calls = 0;
    const GradientFunction counted = [&](std::span<const double> x, std::span<double> gradient) {
      ++calls;
      return rosenbrock(x, gradient);
    };
    const Vector start{-1.2, 1};
    const auto found = minimize(counted, start, box_of(2, -5, 5), {.max_evaluations = allowed});
    ASSERT_TRUE(found);
    EXPECT_LE(calls, allowed);
    EXPECT_EQ(found->evaluations, calls);
    EXPECT_LE(found->value, rosenbrock(start, {}));
    EXPECT_EQ(found->value, rosenbrock(found->x, {}));
  }
}

TEST(Minimize, GivesTheSameAnswerTwice) {
  const auto once = minimize(rosenbrock, Vector(6, -1.0), box_of(6, -2, 2)),
             twice = minimize(rosenbrock, Vector(6, -1.0), box_of(6, -2, 2));
  EXPECT_EQ(once->x, twice->x);
}

TEST(Minimize, RefusesBoxesAndStartsThatMakeNoSense) {
  EXPECT_FALSE(minimize(rosenbrock, Vector{0, 0}, Box::unit(3)));
  EXPECT_FALSE(minimize(rosenbrock, Vector{0, 0}, {{0, 1}, {1, 0}}));
  EXPECT_FALSE(minimize(rosenbrock, Vector{NAN, 0}, Box::unit(2)));
  EXPECT_FALSE(minimize([](auto, auto) { return INFINITY; }, Vector{0}, Box::unit(1)));
}

// sin(5 x) + x / 10 has local minima about 1.26 apart; over [-3, 3] the lowest is near -2.83.
double waves(std::span<const double> x, std::span<double> gradient) {
  if (!gradient.empty()) gradient[0] = 5 * std::cos(5 * x[0]) + 0.1;
  return std::sin(5 * x[0]) + 0.1 * x[0];
}

TEST(MinimizeFrom, TakesTheLowestOfTheLocalMinima) {
  const std::vector<Vector> starts{{2.0}, {0.0}, {-2.6}, {1.0}};
  const auto found = minimize_from(waves, starts, box_of(1, -3, 3));
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->x[0], -2.8314, 1e-3);
  EXPECT_GT(found->evaluations, 4);
}

TEST(MinimizeFrom, PassesOverStartsWithoutAValueUnlessAllHaveNone) {
  const GradientFunction half = [](std::span<const double> x, std::span<double> gradient) {
    return x[0] < 0 ? NAN : waves(x, gradient);
  };
  const std::vector<Vector> starts{{-1.0}, {1.0}}, bad{{-1.0}, {-2.0}};
  EXPECT_TRUE(minimize_from(half, starts, box_of(1, -3, 3)));
  EXPECT_FALSE(minimize_from(half, bad, box_of(1, -3, 3)));
  EXPECT_FALSE(minimize_from(half, {}, box_of(1, -3, 3)));
}

class MinimizePlain : public ::testing::TestWithParam<DerivativeFree> {};

TEST_P(MinimizePlain, FollowsRosenbrocksValley) {
  const auto found = minimize_plain([](auto x) { return rosenbrock(x, {}); }, Vector{-1.2, 1}, box_of(2, -2, 2),
                                    GetParam(), {.max_evaluations = 2000, .relative_tolerance = 1e-14});
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->x[0], 1, 1e-3);
  EXPECT_NEAR(found->x[1], 1, 2e-3);
}

TEST_P(MinimizePlain, FindsACornerAndKeepsFixedCoordinates) {
  const PlainFunction plane = [](std::span<const double> x) { return x[0] - 2 * x[1] + 3 * x[2]; };
  const auto found = minimize_plain(plane, Vector{0.5, 0.5, 0.5}, {{0, 0, 0.4}, {1, 1, 0.4}}, GetParam());
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->x[0], 0, 1e-6);
  EXPECT_NEAR(found->x[1], 1, 1e-6);
  EXPECT_EQ(found->x[2], 0.4);
}

TEST_P(MinimizePlain, WorksInOneDimension) {
  const auto found = minimize_plain([](auto x) { return std::abs(x[0] - 0.3); }, Vector{0.9}, Box::unit(1), GetParam());
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->x[0], 0.3, 1e-6);
}

TEST_P(MinimizePlain, SurvivesPlacesWithoutAValue) {
  const PlainFunction holed = [](std::span<const double> x) {
    return x[0] > 0.6 ? NAN : (x[0] - 0.5) * (x[0] - 0.5) + (x[1] - 0.5) * (x[1] - 0.5);
  };
  const auto found = minimize_plain(holed, Vector{0.1, 0.9}, Box::unit(2), GetParam(), {.max_evaluations = 500});
  ASSERT_TRUE(found);
  EXPECT_LT(found->value, 0.01);
}

TEST_P(MinimizePlain, KeepsToItsEvaluationsAndItsBox) {
  for (int allowed : {1, 2, 10, 57}) {
    int calls = 0;
    const auto found = minimize_plain(
        [&](std::span<const double> x) {
          ++calls;
          for (double value : x) EXPECT_TRUE(value >= 0 && value <= 1);
          return (x[0] + 1) * (x[0] + 1) + x[1] * x[2];
        },
        Vector{0.5, 0.2, 0.9}, Box::unit(3), GetParam(), {.max_evaluations = allowed, .relative_tolerance = 0});
    ASSERT_TRUE(found);
    EXPECT_LE(calls, allowed);
    EXPECT_EQ(found->evaluations, calls);
  }
}

TEST_P(MinimizePlain, RefusesAnInfiniteBox) {
  EXPECT_FALSE(minimize_plain([](auto) { return 0.0; }, Vector{0}, {{-INFINITY}, {1}}, GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Methods, MinimizePlain, ::testing::Values(DerivativeFree::Bobyqa, DerivativeFree::NelderMead),
                         [](const auto& info) {
                           return std::string(info.param == DerivativeFree::Bobyqa ? "Bobyqa" : "NelderMead");
                         });

}  // namespace
}  // namespace pegbox::math
