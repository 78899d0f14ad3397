// Fanova: shares of functions whose variances are known.
#include "math/fanova.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "math/sobol.h"

namespace pegbox::math {
namespace {

using Vector = std::vector<double>;
const std::vector<int> kFirst{0}, kSecond{1}, kThird{2};

Fanova fit(const std::vector<ForestAxis>& axes, const Vector& points,
           const std::function<double(std::span<const double>)>& function, int trees = 64) {
  Vector values;
  for (std::size_t i = 0; i < points.size(); i += axes.size())
    values.push_back(function(std::span(points).subspan(i, axes.size())));
  return *Fanova::fit(axes, points, values, {.trees = trees, .seed = 1, .threads = 2});
}

Vector fanova_points(int d, int count) { return Sobol::create(d, {.seed = 1})->points(0, count); }

// Variances of 3 x, 2 x^2 and 0.5 sin(2 pi x) on [0, 1]: 9 / 12, 4 * 4 / 45, 0.25 / 2.
TEST(Fanova, SharesOfAnAdditiveFunctionAreItsTermsVariances) {
  const auto fanova = fit(
      std::vector<ForestAxis>(4), fanova_points(4, 2048),
      [](std::span<const double> x) { return 3 * x[0] + 2 * x[1] * x[1] + 0.5 * std::sin(2 * M_PI * x[3]); }, 16);
  const double first = 9.0 / 12, second = 16.0 / 45, fourth = 0.125, total = first + second + fourth;
  EXPECT_NEAR(fanova.share(kFirst).mean, first / total, 0.02);
  EXPECT_NEAR(fanova.share(kSecond).mean, second / total, 0.02);
  EXPECT_NEAR(fanova.share(kThird).mean, 0, 0.005);
  EXPECT_NEAR(fanova.share(std::vector<int>{3}).mean, fourth / total, 0.02);
  EXPECT_LT(fanova.interaction(kFirst, kSecond, 4).mean, 0.02);
}

// Ishigami's function with a = 7, b = 0.1: the parts of its variance are (1 + b pi^4 / 5)^2 / 2 = 4.3459, a^2 / 8
// = 6.125 and, of the first and the third together, b^2 pi^8 (1 / 18 - 1 / 50) = 3.3737; shares 0.3139, 0.4424, 0.2437.
// A forest of 4,096 points is not yet the function.
TEST(Fanova, SharesOfIshigamisFunctionAreThePublishedIndices) {
  const auto fanova = fit(
      std::vector<ForestAxis>(3), fanova_points(3, 4096),
      [](std::span<const double> x) {
        const auto angle = [](double u) { return M_PI * (2 * u - 1); };
        const double s = std::sin(angle(x[0]));
        return s + 7 * std::pow(std::sin(angle(x[1])), 2) + 0.1 * std::pow(angle(x[2]), 4) * s;
      },
      8);
  EXPECT_NEAR(fanova.share(kFirst).mean, 0.3139, 0.03);
  EXPECT_NEAR(fanova.share(kSecond).mean, 0.4424, 0.08) << "a forest sees two humps less sharply than one";
  EXPECT_NEAR(fanova.share(kThird).mean, 0, 0.01);
  EXPECT_NEAR(fanova.interaction(kFirst, kThird, 4).mean, 0.2437, 0.03);
  EXPECT_LT(fanova.interaction(kFirst, kSecond, 4).mean, 0.02);
}

// f = 0 where inactive, 1 + x where active, half of the time each. Mean 0.75, variance 7 / 6 - 0.5625; the parent alone
// has 0.75^2 of it, the child alone 1 / 4 / 12, and the rest, as much, is of both.
TEST(Fanova, AnInactiveCoordinateHasNoEffect) {
  Vector points = fanova_points(2, 1024);
  for (std::size_t i = 0; i < points.size(); i += 2) {
    points[i] = points[i] < 0.5 ? 0 : 1;
    if (points[i] == 0) points[i + 1] = std::numeric_limits<double>::quiet_NaN();
  }
  const auto fanova = fit({{2}, {0}}, points, [](std::span<const double> x) { return x[0] == 1 ? 1 + x[1] : 0; });
  const double total = 7.0 / 6 - 0.5625;
  EXPECT_NEAR(fanova.share(kFirst).mean, 0.5625 / total, 0.005);
  EXPECT_NEAR(fanova.share(kSecond).mean, 1.0 / 48 / total, 0.005);
  EXPECT_NEAR(fanova.interaction(kFirst, kSecond).mean, 1.0 / 48 / total, 0.005);
  const auto marginal = fanova.marginal(0, Vector{0, 1});
  EXPECT_NEAR(marginal[0].mean, 0, 1e-12);
  EXPECT_NEAR(marginal[1].mean, 1.5, 0.01);
  EXPECT_NEAR(fanova.marginal(1, Vector{0.25})[0].mean, 0.625, 0.01);
}

// Leaves: x in [0, 0.25] with value 4; else by the choice: {0} has 0, {1, 2} have 3.
TEST(Fanova, AHandMadeTreesMarginalsAreExact) {
  const std::vector<ForestAxis> axes{{0}, {3}};
  const RegressionTree tree{.values = {4, 0, 3},
                            .volumes = {0.25, 0.25, 0.5},
                            .sides = {{0, 0.25, 7}, {0, 1, 7}, {0.25, 1, 7}, {0, 1, 1}, {0.25, 1, 7}, {0, 1, 6}}};
  // Mean 2.5; given x: 4 or 2; given the choice: 1, or 3.25 twice.
  const double by_x = 0.25 * 1.5 * 1.5 + 0.75 * 0.5 * 0.5;
  const double by_choice = 1.5 * 1.5 / 3 + 2 * 0.75 * 0.75 / 3;
  const double by_both = 0.25 * 1.5 * 1.5 + 0.25 * 2.5 * 2.5 + 0.5 * 0.5 * 0.5;
  for (const auto& variance : {marginal_variance, marginal_variance_by_grid, marginal_variance_by_pairs}) {
    EXPECT_NEAR(variance(tree, axes, kFirst), by_x, 1e-14);
    EXPECT_NEAR(variance(tree, axes, kSecond), by_choice, 1e-14);
    EXPECT_NEAR(variance(tree, axes, std::vector<int>{0, 1}), by_both, 1e-14);
  }
}

TEST(Fanova, BothWaysToAMarginalsVarianceAgree) {
  const std::vector<ForestAxis> axes{{0}, {5}, {0}, {0}};
  Vector points = fanova_points(4, 150), values;
  Rng rng({.seed = 3});
  for (std::size_t i = 0; i < points.size(); i += 4) {
    points[i + 1] = std::floor(5 * points[i + 1]);
    values.push_back(rng.normal());
  }
  const auto forest = *grow_forest(axes, points, values, {.trees = 3});
  for (const RegressionTree& tree : forest)
    for (const auto& set : std::vector<std::vector<int>>{{0}, {1}, {0, 1}, {3, 1, 2}, {0, 1, 2, 3}}) {
      const double by_grid = marginal_variance_by_grid(tree, axes, set);
      EXPECT_NEAR(marginal_variance_by_pairs(tree, axes, set), by_grid, 1e-10);
      EXPECT_NEAR(marginal_variance(tree, axes, set), by_grid, 1e-10);
    }
}

TEST(Fanova, AConstantFunctionHasNoShares) {
  const auto fanova = fit(std::vector<ForestAxis>(2), fanova_points(2, 50), [](auto) { return 0.1; });
  EXPECT_TRUE(fanova.is_constant());
  EXPECT_EQ(fanova.share(kFirst).mean, 0);
  EXPECT_EQ(fanova.interaction(kFirst, kSecond).mean, 0);
}

TEST(Fanova, IntervalsAreNarrowerWithMorePoints) {
  const auto width = [](int count) {
    const auto fanova = fit(std::vector<ForestAxis>(2), fanova_points(2, count),
                            [](std::span<const double> x) { return x[0] + 0.5 * x[1] * x[1]; });
    const TreeMean share = fanova.share(kFirst);
    EXPECT_LE(share.interval.low, share.mean);
    EXPECT_GE(share.interval.high, share.mean);
    return share.interval.high - share.interval.low;
  };
  EXPECT_LT(3 * width(512), width(32));
}

}  // namespace
}  // namespace pegbox::math
