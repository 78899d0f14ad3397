// Sobol points: the published sequence, the net property under scrambling, keys, integration.
#include "math/sobol.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace pegbox::math {
namespace {

using ::testing::ElementsAre;

constexpr RngKey kKey{.seed = 7, .stream = stream_id("sobol test")};

Sobol scrambled(int dimensions, std::uint64_t seed = 7) {
  return *Sobol::create(dimensions, {.seed = seed, .stream = stream_id("sobol test")});
}

// Each of the 2^a * 2^b boxes of a grid in two dimensions holds the same number of the first 2^m points.
void expect_equal_filling(const Sobol& sobol, int first, int second, int a, int b, int m) {
  std::vector<int> counts(1u << (a + b));
  for (std::uint64_t i = 0; i < 1u << m; ++i) {
    const auto point = sobol.point(i);
    const auto row = static_cast<std::size_t>(point[first] * (1 << a));
    const auto column = static_cast<std::size_t>(point[second] * (1 << b));
    ++counts[row << b | column];
  }
  for (int count : counts) ASSERT_EQ(count, 1 << (m - a - b)) << "grid 2^" << a << " x 2^" << b;
}

// scipy.stats.qmc.Sobol(5, scramble=False).random(8), SciPy 1.17.1
TEST(Sobol, UnscrambledStartsAsPublished) {
  const Sobol sobol = *Sobol::unscrambled(5);
  EXPECT_THAT(sobol.point(0), ElementsAre(0, 0, 0, 0, 0));
  EXPECT_THAT(sobol.point(1), ElementsAre(0.5, 0.5, 0.5, 0.5, 0.5));
  EXPECT_THAT(sobol.point(2), ElementsAre(0.75, 0.25, 0.25, 0.25, 0.75));
  EXPECT_THAT(sobol.point(3), ElementsAre(0.25, 0.75, 0.75, 0.75, 0.25));
  EXPECT_THAT(sobol.point(4), ElementsAre(0.375, 0.375, 0.625, 0.875, 0.375));
  EXPECT_THAT(sobol.point(5), ElementsAre(0.875, 0.875, 0.125, 0.375, 0.875));
  EXPECT_THAT(sobol.point(6), ElementsAre(0.625, 0.125, 0.875, 0.625, 0.625));
  EXPECT_THAT(sobol.point(7), ElementsAre(0.125, 0.625, 0.375, 0.125, 0.125));
}

// x = scipy.stats.qmc.Sobol(3667, scramble=False).random(1024); x[i, j]
TEST(Sobol, UnscrambledAgreesWithSciPyInHighDimensions) {
  const Sobol sobol = *Sobol::unscrambled(Sobol::kMaxDimensions);
  EXPECT_EQ(sobol.point(1)[3666], 0.5);
  EXPECT_EQ(sobol.point(5)[99], 0.375);
  EXPECT_EQ(sobol.point(17)[999], 0.03125);
  EXPECT_EQ(sobol.point(100)[2000], 0.1484375);
  EXPECT_EQ(sobol.point(511)[3666], 0.732421875);
  EXPECT_EQ(sobol.point(1023)[1234], 0.0029296875);
}

// s = scipy.stats.qmc.Sobol(21, scramble=False, bits=32); s.fast_forward(999999); s.random(2)[:, [0, 1, 20]]
TEST(Sobol, ReachesAPointByItsIndexAlone) {
  const Sobol sobol = *Sobol::unscrambled(21);
  const auto before = sobol.point(999999), point = sobol.point(1000000);
  EXPECT_THAT((std::vector{before[0], before[1], before[20]}),
              ElementsAre(0.018662452697753906, 0.8978567123413086, 0.5010671615600586));
  EXPECT_THAT((std::vector{point[0], point[1], point[20]}),
              ElementsAre(0.026474952697753906, 0.3119192123413086, 0.040129661560058594));
}

TEST(Sobol, FillsEveryDyadicIntervalOfEachDimensionOnceWhenScrambled) {
  const Sobol sobol = scrambled(1000);
  for (int m : {1, 4, 8})
    for (int j : {0, 1, 2, 57, 500, 999}) {
      std::set<int> filled;
      for (std::uint64_t i = 0; i < 1u << m; ++i) filled.insert(static_cast<int>(sobol.point(i)[j] * (1 << m)));
      EXPECT_EQ(filled.size(), 1u << m) << "dimension " << j;
    }
}

TEST(Sobol, FillsElementaryIntervalsOfTheFirstTwoDimensionsEquallyWhenScrambled) {
  for (std::uint64_t seed : {1, 2, 3}) {
    const Sobol sobol = scrambled(2, seed);
    for (int a = 0; a <= 8; ++a) expect_equal_filling(sobol, 0, 1, a, 8 - a, 8);
    for (int a = 0; a <= 6; ++a) expect_equal_filling(sobol, 0, 1, a, 6 - a, 10);
  }
}

TEST(Sobol, EveryAlignedBlockOfPowerOfTwoPointsIsStratified) {
  const Sobol sobol = scrambled(2);
  for (std::uint64_t block : {1, 5, 1000}) {
    std::set<int> filled;
    for (std::uint64_t i = 0; i < 64; ++i) filled.insert(static_cast<int>(sobol.point(block * 64 + i)[1] * 64));
    EXPECT_EQ(filled.size(), 64u);
  }
}

TEST(Sobol, StaysInTheHalfOpenUnitCube) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Sobol sobol = scrambled(40, seed);
    for (std::uint64_t i : std::vector<std::uint64_t>{0, 1, 2, 77, 4095, 123456789, Sobol::kMaxPoints - 1})
      for (double x : sobol.point(i)) {
        EXPECT_GE(x, 0);
        EXPECT_LT(x, 1);
      }
  }
}

TEST(Sobol, DifferentKeysGiveDifferentPointsAndTheSameKeyTheSame) {
  EXPECT_EQ(scrambled(6, 1).points(0, 32), scrambled(6, 1).points(0, 32));
  EXPECT_NE(scrambled(6, 1).point(0), scrambled(6, 2).point(0));
  EXPECT_NE(Sobol::create(6, {.seed = 1, .trial = 1})->point(0), Sobol::create(6, {.seed = 1, .trial = 2})->point(0));
}

TEST(Sobol, ScramblingOfADimensionDoesNotDependOnHowManyFollow) {
  const auto few = scrambled(3).point(41), many = scrambled(300).point(41);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
}

TEST(Sobol, RowsOfPointsAreThePoints) {
  const Sobol sobol = scrambled(4);
  const auto rows = sobol.points(10, 5);
  ASSERT_EQ(rows.size(), 20u);
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(sobol.point(10 + i), std::vector<double>(rows.begin() + 4 * i, rows.begin() + 4 * i + 4));
}

// A single scrambled point is uniform: over keys its mean is 1/2, its variance 1/12 (standard errors 0.0065 and
// 0.0017).
TEST(Sobol, EachScrambledPointIsUniformOverKeys) {
  for (std::uint64_t index : {0, 1, 13}) {
    double sum = 0, squares = 0;
    constexpr int kCount = 2000;
    for (std::uint64_t seed = 0; seed < kCount; ++seed) {
      const double x = scrambled(3, seed).point(index)[2];
      sum += x;
      squares += (x - 0.5) * (x - 0.5);
    }
    EXPECT_NEAR(sum / kCount, 0.5, 0.025);
    EXPECT_NEAR(squares / kCount, 1.0 / 12, 0.006);
  }
}

TEST(Sobol, IntegratesBetterThanRandomPointsByAWideMargin) {
  constexpr int kDimensions = 6, kCount = 1024, kKeys = 25;
  const auto value = [](std::span<const double> x) {  // integral 1
    double product = 1;
    for (double coordinate : x) product *= 1 + 0.5 * (std::sin(6 * coordinate) - (1 - std::cos(6.0)) / 6);
    return product;
  };
  double sobol_squares = 0, random_squares = 0;
  for (std::uint64_t seed = 0; seed < kKeys; ++seed) {
    const auto points = scrambled(kDimensions, seed).points(0, kCount);
    Rng rng({.seed = seed, .stream = stream_id("random points")});
    double sobol_sum = 0, random_sum = 0;
    for (int i = 0; i < kCount; ++i) {
      sobol_sum += value(std::span(points).subspan(i * kDimensions, kDimensions));
      std::vector<double> random(kDimensions);
      for (double& x : random) x = rng.uniform();
      random_sum += value(random);
    }
    sobol_squares += std::pow(sobol_sum / kCount - 1, 2);
    random_squares += std::pow(random_sum / kCount - 1, 2);
  }
  EXPECT_LT(std::sqrt(sobol_squares), 0.1 * std::sqrt(random_squares));
}

TEST(Sobol, RefusesANumberOfDimensionsOutsideItsTables) {
  for (int dimensions : {-1, 0, Sobol::kMaxDimensions + 1}) {
    const auto result = Sobol::create(dimensions, kKey);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::InvalidInput);
    EXPECT_THAT(result.error().message, ::testing::HasSubstr("3667"));
  }
}

}  // namespace
}  // namespace pegbox::math
