// Tests of Rng: published answers of the cipher, exact positions, and the shapes of the distributions.
#include "base/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

namespace pegbox {
namespace {

// Known-answer vectors "philox4x32 10" of the Random123 library (Salmon et al.), file kat_vectors.
TEST(Philox, GivesThePublishedAnswers) {
  constexpr std::uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// From an implementation of its own in Python: a stream must never change, or no study could be replayed.
TEST(Rng, GivesTheSameNumbersForAKeyForever) {
  Rng rng({.seed = 1, .stream = stream_id("shuffle"), .trial = 1ull << 40 | 7});
  for (const std::uint32_t word : {0x11d5874eu, 0xc91bdf67u, 0x98bafa99u, 0x4d141d21u, 0x7001e1a2u, 0xb45c3d13u})
    EXPECT_EQ(rng.next_u32(), word);
  rng.seek(((1ull << 40) + 3) * 4 + 1);
  EXPECT_EQ(rng.next_u32(), 0x7d24b73au);
}

TEST(Rng, TakesTheLowWordOfA64BitNumberFirst) {
  Rng rng({.seed = 1, .stream = stream_id("shuffle"), .trial = 1ull << 40 | 7});
  EXPECT_EQ(rng.next_u64(), 0xc91bdf6711d5874eull);
}

TEST(Rng, ContinuesExactlyFromASavedPosition) {
  const RngKey key{.seed = 9, .stream = stream_id("dropout"), .trial = 4};
  Rng rng(key);
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t position = rng.position();
    Rng resumed(key, position), sought(key);
    sought.seek(position);
    Rng copy = rng;
    const std::uint64_t expected = i % 3 == 0 ? rng.next_u32() : rng.next_u64();
    EXPECT_EQ(i % 3 == 0 ? resumed.next_u32() : resumed.next_u64(), expected);
    EXPECT_EQ(i % 3 == 0 ? sought.next_u32() : sought.next_u64(), expected);
    EXPECT_EQ(i % 3 == 0 ? copy.next_u32() : copy.next_u64(), expected);
  }
}

TEST(Rng, CountsItsPositionInWords) {
  Rng rng({.seed = 1});
  rng.next_u32();
  EXPECT_EQ(rng.position(), 1u);
  rng.next_u64();
  EXPECT_EQ(rng.position(), 3u);
  rng.uniform();
  rng.normal();
  EXPECT_EQ(rng.position(), 7u);
}

TEST(Rng, SeparatesSeedsStreamsAndTrials) {
  std::set<std::uint64_t> firsts;
  int keys = 0;
  for (std::uint64_t seed : {0ull, 1ull, 1ull << 32, ~0ull})
    for (std::uint32_t stream : {0u, 1u, stream_id("a"), stream_id("b")})
      for (std::uint64_t trial : {0ull, 1ull, 1ull << 32, ~0ull}) {
        firsts.insert(Rng({seed, stream, trial}).next_u64());
        ++keys;
      }
  EXPECT_EQ(firsts.size(), static_cast<std::size_t>(keys));
}

TEST(Rng, IsUniformOnTheUnitInterval) {
  Rng rng({.seed = 5});
  constexpr int kDraws = 400000, kCells = 100;
  std::vector<int> counts(kCells);
  for (int i = 0; i < kDraws; ++i) {
    const double u = rng.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    ++counts[static_cast<std::size_t>(u * kCells)];
  }
  double chi_square = 0;
  for (const int count : counts) chi_square += std::pow(count - kDraws / kCells, 2) / (kDraws / kCells);
  EXPECT_LT(chi_square, 160)
      << "99 degrees of freedom: a fair source exceeds 160 in 1 of 10,000 keys; this key is fixed";
  EXPECT_GT(chi_square, 50);
}

TEST(Rng, DrawsBelowABoundWithoutBias) {
  Rng rng({.seed = 6});
  constexpr int kDraws = 70000;
  std::vector<int> counts(7);
  for (int i = 0; i < kDraws; ++i) ++counts.at(rng.below(7));
  double chi_square = 0;
  for (const int count : counts) chi_square += std::pow(count - kDraws / 7, 2) / (kDraws / 7);
  EXPECT_LT(chi_square, 30);
  EXPECT_EQ(rng.below(1), 0u);
  // With this bound a plain remainder would give the lower half twice as often as the upper.
  const std::uint64_t bound = 3ull << 62;
  int low = 0;
  for (int i = 0; i < 20000; ++i) low += rng.below(bound) < bound / 2;
  EXPECT_NEAR(low, 10000, 400);
}

TEST(Rng, IsNormalWithMeanZeroAndVarianceOne) {
  Rng rng({.seed = 7});
  constexpr int kDraws = 200000;
  std::vector<double> draws(kDraws);
  for (double& draw : draws) draw = rng.normal();
  double mean = 0, square = 0;
  for (const double draw : draws) {
    mean += draw / kDraws;
    square += draw * draw / kDraws;
  }
  EXPECT_NEAR(mean, 0, 0.01);
  EXPECT_NEAR(square, 1, 0.015);
  std::sort(draws.begin(), draws.end());
  double distance = 0;  // Kolmogorov-Smirnov
  for (int i = 0; i < kDraws; ++i)
    distance = std::max(
        distance, std::abs(0.5 * std::erfc(-draws[static_cast<std::size_t>(i)] / std::sqrt(2.0)) - (i + 0.5) / kDraws));
  EXPECT_LT(distance * std::sqrt(kDraws), 2);
}

TEST(NormalQuantile, AgreesWithTheTables) {
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(normal_quantile(0.999), 3.090232306167813, 1e-13);
  EXPECT_NEAR(normal_quantile(1e-10), -6.361340902404056, 1e-13);
  EXPECT_EQ(normal_quantile(0.5), 0);
}

TEST(NormalQuantile, InvertsTheDistributionFunctionEverywhere) {
  for (double log10_p = -300; log10_p < -0.302; log10_p += 0.0137) {
    const double p = std::pow(10, log10_p);
    const double x = normal_quantile(p);
    const double slack = 1e-14 + 2e-15 * x * x;  // d ln p = x dx
    EXPECT_NEAR(0.5 * std::erfc(-x / std::sqrt(2.0)) / p, 1, slack) << p;
  }
  for (double p = 0.5; p < 1; p += 0.001) EXPECT_NEAR(normal_quantile(p), -normal_quantile(1 - p), 1e-12);
}

TEST(NormalQuantile, IsInfiniteAtTheEndsAndNothingOutside) {
  EXPECT_EQ(normal_quantile(0), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(normal_quantile(1), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(normal_quantile(-0.1)));
  EXPECT_TRUE(std::isnan(normal_quantile(1.1)));
  EXPECT_TRUE(std::isnan(normal_quantile(std::nan(""))));
}

TEST(Shuffle, GivesEachOrderEquallyOften) {
  Rng rng({.seed = 8});
  std::vector<int> counts(24);
  constexpr int kDraws = 48000;
  for (int i = 0; i < kDraws; ++i) {
    std::vector<int> items{0, 1, 2, 3}, order{0, 1, 2, 3};
    shuffle(items, rng);
    std::size_t rank = 0;
    while (order != items) {
      std::next_permutation(order.begin(), order.end());
      ASSERT_LT(++rank, 24u);
    }
    ++counts[rank];
  }
  double chi_square = 0;
  for (const int count : counts) chi_square += std::pow(count - kDraws / 24, 2) / (kDraws / 24);
  EXPECT_LT(chi_square, 60);
}

}  // namespace
}  // namespace pegbox
