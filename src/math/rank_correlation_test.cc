// Rank correlations against SciPy 1.17.1 and against counting pairs.
#include "math/rank_correlation.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/rng.h"

namespace pegbox::math {
namespace {

using Vector = std::vector<double>;
using ::testing::ElementsAre;

const Vector kA{1, 2, 2, 4, 5, 6, 7, 7, 7, 10}, kB{3, 1, 2, 2, 8, 5, 9, 9, 4, 10};
const Vector kValues{2.3, 1.1, 4.7, 3.2, 0.4, 2.9, 5.1, 1.8, 3.3, 9.6};

// scipy.stats.rankdata(a)
TEST(RankCorrelation, TiesShareTheMeanOfTheirRanks) {
  EXPECT_THAT(ranks(kA), ElementsAre(1, 2.5, 2.5, 4, 5, 6, 8, 8, 8, 10));
  EXPECT_THAT(ranks(Vector{}), ElementsAre());
}

// scipy.stats.spearmanr(a, b).statistic, scipy.stats.kendalltau(a, b).statistic
TEST(RankCorrelation, AgreesWithSciPyWithAndWithoutTies) {
  EXPECT_NEAR(*spearman(kA, kB), 0.8328532615141301, 1e-14);
  EXPECT_NEAR(*kendall(kA, kB), 0.6668557115213574, 1e-14);
  EXPECT_NEAR(*spearman(kValues, kA), 0.4615930911724977, 1e-14);
  EXPECT_NEAR(*kendall(kValues, kA), 0.34921514788478913, 1e-14);
}

TEST(RankCorrelation, KendallEqualsCountingAllPairs) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng({.seed = seed});
    const std::size_t n = 2 + rng.below(60);
    Vector a(n), b(n);
    for (std::size_t i = 0; i < n; ++i) {
      a[i] = static_cast<double>(rng.below(12)) + (i == 0 ? 100 : 0);
      b[i] = static_cast<double>(rng.below(9)) + (i == 1 ? 100 : 0);
    }
    double surplus = 0, ordered_a = 0, ordered_b = 0;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = 0; k < i; ++k) {
        const double x = (a[i] > a[k]) - (a[i] < a[k]), y = (b[i] > b[k]) - (b[i] < b[k]);
        surplus += x * y;
        ordered_a += x * x;
        ordered_b += y * y;
      }
    EXPECT_NEAR(*kendall(a, b), surplus / std::sqrt(ordered_a * ordered_b), 1e-12) << seed;
  }
}

TEST(RankCorrelation, IsOneForTheSameOrderAndMinusOneForTheReverse) {
  const Vector up{1, 2, 3, 4}, grown{1, 8, 1e9, INFINITY}, down{0, -1, -2, -3};
  EXPECT_EQ(*spearman(up, grown), 1);
  EXPECT_EQ(*kendall(up, grown), 1);
  EXPECT_EQ(*spearman(up, down), -1);
  EXPECT_EQ(*kendall(up, down), -1);
}

TEST(RankCorrelation, RefusesWhatHasNoOrder) {
  for (const auto& correlation : {spearman, kendall}) {
    EXPECT_FALSE(correlation(Vector{1, 2}, Vector{1}));
    EXPECT_FALSE(correlation(Vector{1}, Vector{1}));
    EXPECT_FALSE(correlation(Vector{1, NAN}, Vector{1, 2}));
    EXPECT_FALSE(correlation(Vector{1, 2}, Vector{3, 3}));
  }
}

}  // namespace
}  // namespace pegbox::math
