// RegressionForest: trees fill the cube, and predict what they saw.
#include "math/regression_forest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "math/sobol.h"

namespace pegbox::math {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
const std::vector<ForestAxis> kMixed{{0}, {3}, {0}};

/// Two numbers and a choice among three; the last number is inactive where the choice is 0.
std::vector<double> mixed_points(int count) {
  std::vector<double> points = Sobol::create(3, {.seed = 4})->points(0, count);
  for (std::size_t i = 0; i < points.size(); i += 3) {
    points[i + 1] = std::floor(3 * points[i + 1]);
    if (points[i + 1] == 0) points[i + 2] = kNone;
  }
  return points;
}

std::vector<double> mixed_values(const std::vector<double>& points) {
  std::vector<double> values;
  for (std::size_t i = 0; i < points.size(); i += 3)
    values.push_back(points[i] + (points[i + 1] == 0 ? 5 : points[i + 1] * points[i + 2]));
  return values;
}

std::vector<RegressionTree> mixed_forest(int threads) {
  const auto points = mixed_points(200);
  return *grow_forest(kMixed, points, mixed_values(points), {.trees = 8, .seed = 1, .threads = threads});
}

bool is_in(const RegressionTree& tree, std::size_t leaf, const double* x) {
  for (std::size_t j = 0; j < kMixed.size(); ++j) {
    const LeafSide& side = tree.sides[leaf * kMixed.size() + j];
    const bool inside = kMixed[j].choices > 0 ? (side.choices >> static_cast<int>(x[j]) & 1) != 0
                                              : x[j] > side.low && x[j] <= side.high;
    if (!inside) return false;
  }
  return true;
}

TEST(RegressionForest, LeavesAreDisjointAndFillTheCube) {
  std::vector<double> points = Sobol::create(3, {.seed = 5})->points(1, 300);
  for (const RegressionTree& tree : mixed_forest(1)) {
    double volume = 0;
    for (const double each : tree.volumes) volume += each;
    EXPECT_NEAR(volume, 1, 1e-12);
    for (std::size_t i = 0; i < points.size(); i += 3) {
      const double x[] = {points[i], std::floor(3 * points[i + 1]), points[i + 2]};
      int leaves = 0;
      for (std::size_t leaf = 0; leaf < tree.leaves(); ++leaf) leaves += is_in(tree, leaf, x);
      ASSERT_EQ(leaves, 1);
    }
  }
}

TEST(RegressionForest, PredictsWhatATreeHasSeen) {
  const auto points = mixed_points(200), values = mixed_values(points);
  int exact = 0, seen = 0;
  for (const RegressionTree& tree : mixed_forest(1))
    for (std::size_t i = 0; i < values.size(); ++i)
      for (std::size_t leaf = 0; leaf < tree.leaves(); ++leaf) {
        double x[] = {points[3 * i], points[3 * i + 1], std::isnan(points[3 * i + 2]) ? 0.5 : points[3 * i + 2]};
        if (!is_in(tree, leaf, x)) continue;
        ++seen;
        exact += tree.values[leaf] == values[i];
      }
  EXPECT_EQ(seen, 8 * 200);
  EXPECT_NEAR(exact, 0.632 * seen, 0.1 * seen) << "a bootstrap has 63.2 % of the points";
}

TEST(RegressionForest, NothingDependsOnAnAxisWhereItIsInactive) {
  for (const RegressionTree& tree : mixed_forest(1))
    for (std::size_t leaf = 0; leaf < tree.leaves(); ++leaf) {
      if ((tree.sides[3 * leaf + 1].choices & 1) == 0) continue;
      EXPECT_EQ(tree.sides[3 * leaf + 2].low, 0);
      EXPECT_EQ(tree.sides[3 * leaf + 2].high, 1);
    }
}

TEST(RegressionForest, IsTheSameWithAnyNumberOfThreads) {
  const auto one = mixed_forest(1), two = mixed_forest(2);
  for (std::size_t t = 0; t < one.size(); ++t) EXPECT_EQ(one[t].values, two[t].values);
  EXPECT_NE(one[0].values, one[1].values) << "every tree has its own bootstrap";
}

TEST(RegressionForest, RefusesWhatIsNoPoint) {
  const std::vector<ForestAxis> number{{0}}, choice{{2}}, many{{65}};
  const std::vector<double> one{0.5}, values{1.0};
  EXPECT_TRUE(grow_forest(number, one, values, {}));
  EXPECT_FALSE(grow_forest(choice, one, values, {})) << "half a choice";
  EXPECT_FALSE(grow_forest(many, values, values, {}));
  EXPECT_FALSE(grow_forest(number, std::vector<double>{1.5}, values, {}));
  EXPECT_FALSE(grow_forest(number, one, std::vector<double>{kNone}, {}));
  EXPECT_FALSE(grow_forest(number, std::vector<double>{0.5, 0.5}, values, {}));
}

}  // namespace
}  // namespace pegbox::math
