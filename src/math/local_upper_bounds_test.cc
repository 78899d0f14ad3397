// Local upper bounds: against their definition and the hypervolume; boxes that fill what they should without overlap.
#include "math/local_upper_bounds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/rng.h"
#include "math/pareto.h"

namespace pegbox::math {
namespace {

constexpr double kReference = 1;

std::vector<double> random_rows(std::size_t m, int count, int levels, Rng& rng) {
  std::vector<double> rows;
  for (std::size_t i = 0; i < m * static_cast<std::size_t>(count); ++i)
    rows.push_back(levels > 0 ? static_cast<double>(rng.below(static_cast<std::uint64_t>(levels))) / levels
                              : rng.uniform());
  return rows;
}

LocalUpperBounds bounds_of(const std::vector<double>& rows, std::size_t m) {
  LocalUpperBounds bounds(std::vector<double>(m, kReference));
  for (std::size_t i = 0; i < rows.size(); i += m) bounds.add(std::span(rows).subspan(i, m));
  return bounds;
}

/// How many of the boxes hold the place.
std::ptrdiff_t holders(const std::vector<Box>& boxes, const std::vector<double>& place) {
  return std::ranges::count_if(boxes, [&](const Box& box) {
    return std::ranges::equal(box.low, place, std::less<>()) && std::ranges::equal(place, box.high, std::less<>());
  });
}

TEST(LocalUpperBounds, AreTheCornersOfAStaircaseWithTwoObjectives) {
  const std::vector<double> rows{0.2, 0.7, 0.5, 0.3, 0.6, 0.6};
  EXPECT_EQ(bounds_of(rows, 2).size(), 3u) << "(0.2, 1), (0.5, 0.7), (1, 0.3)";
  EXPECT_EQ(bounds_of({}, 2).size(), 1u);
}

TEST(LocalUpperBounds, AreTwiceThePointsAndOneWithThreeObjectives) {
  // Klamroth, Lacour, Vanderpooten 2015: 2 n + 1 for n points of a front in general position.
  Rng rng({.seed = 1});
  for (const int count : {1, 5, 40}) {
    std::vector<double> rows;
    for (int i = 0; i < count; ++i) {
      const double a = rng.uniform(), b = rng.uniform();
      rows.insert(rows.end(), {0.3 * a, 0.3 * b, 0.9 - 0.3 * a - 0.3 * b});
    }
    EXPECT_EQ(bounds_of(rows, 3).size(), 2u * static_cast<std::size_t>(count) + 1);
  }
}

TEST(LocalUpperBounds, GiveBoxesThatHoldEveryPlaceOfTheirSideOnce) {
  Rng rng({.seed = 2});
  for (const std::size_t m : {2u, 3u, 4u, 5u})
    for (const int levels : {0, 4}) {
      const std::vector<double> rows = random_rows(m, 15, levels, rng);
      const LocalUpperBounds bounds = bounds_of(rows, m);
      const auto dominated = bounds.dominated_boxes(), left = bounds.free_boxes();
      for (int i = 0; i < 300; ++i) {
        std::vector<double> place(m);
        for (double& each : place) each = 1.2 * rng.uniform() - 0.2;
        bool is_dominated = false;
        for (std::size_t row = 0; row < rows.size(); row += m)
          is_dominated = is_dominated || std::ranges::equal(std::span(rows).subspan(row, m), place, std::less<>());
        EXPECT_EQ(holders(dominated, place), is_dominated ? 1 : 0) << m << " objectives, " << levels << " levels";
        EXPECT_EQ(holders(left, place), is_dominated ? 0 : 1) << m << " objectives, " << levels << " levels";
      }
    }
}

TEST(LocalUpperBounds, GiveBoxesWithTheHypervolume) {
  Rng rng({.seed = 3});
  for (const std::size_t m : {2u, 3u, 4u})
    for (const int levels : {0, 5}) {
      const std::vector<double> rows = random_rows(m, 20, levels, rng);
      double sum = 0;
      for (const Box& box : bounds_of(rows, m).dominated_boxes()) {
        double volume = 1;
        for (std::size_t j = 0; j < m; ++j) volume *= box.high[j] - box.low[j];
        sum += volume;
      }
      EXPECT_NEAR(sum, *hypervolume(rows, std::vector<double>(m, kReference)), 1e-12);
    }
}

}  // namespace
}  // namespace pegbox::math
