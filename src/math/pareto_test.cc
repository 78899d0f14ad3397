// Fronts and hypervolumes against definitions carried out by brute force.
#include "math/pareto.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/rng.h"

namespace pegbox::math {
namespace {

using Vector = std::vector<double>;
using ::testing::ElementsAre;

Vector random_points(int count, int objectives, std::uint64_t seed, int levels) {
  Rng rng({.seed = seed});
  Vector points(count * objectives);
  for (double& x : points) x = static_cast<double>(rng.below(levels)) / levels;  // with ties and duplicates
  return points;
}

bool dominates(const double* a, const double* b, int m) {
  return std::equal(a, a + m, b, std::less_equal<>()) && !std::equal(a, a + m, b);
}

// Peels front after front by comparing all pairs.
std::vector<int> peeled_ranks(const Vector& points, int m) {
  const int n = static_cast<int>(points.size()) / m;
  std::vector<int> ranks(n, -1);
  for (int rank = 0; std::ranges::count(ranks, -1) > 0; ++rank) {
    std::vector<int> front;
    for (int i = 0; i < n; ++i) {
      bool is_free = ranks[i] == -1;
      for (int k = 0; k < n && is_free; ++k) is_free = ranks[k] != -1 || !dominates(&points[k * m], &points[i * m], m);
      if (is_free) front.push_back(i);
    }
    for (int i : front) ranks[i] = rank;
  }
  return ranks;
}

// The volume of a union of boxes by inclusion and exclusion over all subsets.
double union_volume(const Vector& points, const Vector& reference) {
  const std::size_t m = reference.size(), n = points.size() / m;
  double total = 0;
  for (unsigned subset = 1; subset < 1u << n; ++subset) {
    double volume = std::popcount(subset) % 2 ? 1 : -1;
    for (std::size_t j = 0; j < m; ++j) {
      double side = INFINITY;
      for (std::size_t i = 0; i < n; ++i)
        if (subset >> i & 1) side = std::min(side, std::max(0.0, reference[j] - points[i * m + j]));
      volume *= side;
    }
    total += volume;
  }
  return total;
}

TEST(Pareto, RanksAreThoseOfPeelingFronts) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const int m = 1 + static_cast<int>(seed % 4);
    const Vector points = random_points(60, m, seed, seed % 2 ? 6 : 1000);
    EXPECT_EQ(*non_dominated_ranks(points, m), peeled_ranks(points, m)) << seed;
  }
}

TEST(Pareto, TheFrontIsRankZeroInAscendingOrder) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Vector points = random_points(80, 3, seed, 8);
    const auto ranks = *non_dominated_ranks(points, 3);
    std::vector<int> expected;
    for (int i = 0; i < 80; ++i)
      if (ranks[i] == 0) expected.push_back(i);
    EXPECT_EQ(*pareto_front(points, 3), expected);
  }
}

TEST(Pareto, EqualPointsShareTheFrontAndInfinitiesAreOrdered) {
  EXPECT_THAT(*pareto_front(Vector{1, 2, 1, 2, 0, 3, 1, 3, 2, -INFINITY, INFINITY, INFINITY}, 2),
              ElementsAre(0, 1, 2, 4));
  EXPECT_THAT(*pareto_front(Vector{}, 2), ElementsAre());
}

TEST(Pareto, HypervolumeOfAStaircaseIsItsArea) {
  EXPECT_DOUBLE_EQ(*hypervolume(Vector{1, 3, 2, 2, 3, 1}, Vector{4, 4}), 6);
  EXPECT_DOUBLE_EQ(*hypervolume(Vector{1, 3, 2, 2, 3, 1, 2.5, 2.5, 2, 2}, Vector{4, 4}), 6);
  EXPECT_DOUBLE_EQ(*hypervolume(Vector{2, 1, 5}, Vector{4}), 3);
  EXPECT_DOUBLE_EQ(*hypervolume(Vector{}, Vector{1, 1}), 0);
}

TEST(Pareto, PointsNotBelowTheReferenceAddNothing) {
  EXPECT_DOUBLE_EQ(*hypervolume(Vector{1, 1, 0, 5, 4, 0, INFINITY, 0}, Vector{4, 4}), 9);
}

TEST(Pareto, HypervolumeEqualsInclusionAndExclusion) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const int m = 1 + static_cast<int>(seed % 6);
    const Vector points = random_points(11, m, seed, seed % 3 ? 1000 : 4);
    const Vector reference(m, 0.9);
    EXPECT_NEAR(*hypervolume(points, reference), union_volume(points, reference), 1e-12) << seed;
  }
}

TEST(Pareto, RefusesWhatCannotBeCompared) {
  EXPECT_FALSE(pareto_front(Vector{1, 2, 3}, 2));
  EXPECT_FALSE(pareto_front(Vector{1, 2}, 0));
  EXPECT_FALSE(non_dominated_ranks(Vector{1, NAN}, 2));
  EXPECT_FALSE(hypervolume(Vector{1, 2}, Vector{INFINITY, 3}));
  EXPECT_FALSE(hypervolume(Vector{-INFINITY, 2}, Vector{1, 3}));
  EXPECT_FALSE(hypervolume(Vector{1, 2}, Vector{}));
}

TEST(Pareto, CrowdingIsTheSizeOfTheBoxBetweenNeighbours) {
  const Vector front{0, 10, 4, 5, 5, 4, 10, 3};
  EXPECT_THAT(*crowding_distances(front, 2), ElementsAre(INFINITY, 0.5 + 6.0 / 7, 0.6 + 2.0 / 7, INFINITY));
  EXPECT_THAT(*crowding_distances(Vector{1, 2}, 2), ElementsAre(INFINITY));
  EXPECT_TRUE(crowding_distances(Vector{}, 2)->empty());
  EXPECT_FALSE(crowding_distances(Vector{1, 2, 3}, 2));
}

}  // namespace
}  // namespace pegbox::math
