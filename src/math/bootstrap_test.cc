// Bootstrap intervals against SciPy 1.17.1, and their coverage.
#include "math/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>

namespace pegbox::math {
namespace {

using Vector = std::vector<double>;

const Vector kValues{2.3, 1.1, 4.7, 3.2, 0.4, 2.9, 5.1, 1.8, 3.3, 9.6};
constexpr RngKey kKey{.seed = 3, .stream = stream_id("bootstrap test")};

double spread(std::span<const double> values) {  // np.std
  const double n = static_cast<double>(values.size());
  return standard_deviation(values) * std::sqrt((n - 1) / n);
}

// scipy.stats.bootstrap((v,), np.mean, n_resamples=200000, method=..., rng=np.random.default_rng(1 and 2)); between its
// two seeds the ends differ by 0.01.
TEST(Bootstrap, IntervalsOfTheMeanAreSciPys) {
  const auto bca = bootstrap_mean_interval(kValues, kKey, {.resamples = 100000});
  EXPECT_NEAR(bca->low, 2.275, 0.02);
  EXPECT_NEAR(bca->high, 5.555, 0.03);
  const auto percentile =
      bootstrap_mean_interval(kValues, kKey, {.resamples = 100000, .method = BootstrapMethod::Percentile});
  EXPECT_NEAR(percentile->low, 2.075, 0.02);
  EXPECT_NEAR(percentile->high, 5.115, 0.03);
}

// As above with np.std, confidence_level=0.9: percentile (1.0826, 3.3236) and (1.0821, 3.3209), BCa (1.3291, 3.7579)
// and (1.3348, 3.7583).
TEST(Bootstrap, IntervalsOfASkewedStatisticAreSciPys) {
  const auto bca = bootstrap_interval(kValues, spread, kKey, {.confidence_fraction = 0.9, .resamples = 100000});
  EXPECT_NEAR(bca->low, 1.332, 0.02);
  EXPECT_NEAR(bca->high, 3.758, 0.02);
  const auto percentile = bootstrap_interval(
      kValues, spread, kKey, {.confidence_fraction = 0.9, .resamples = 100000, .method = BootstrapMethod::Percentile});
  EXPECT_NEAR(percentile->low, 1.082, 0.02);
  EXPECT_NEAR(percentile->high, 3.322, 0.02);
}

TEST(Bootstrap, KeyDecidesTheResult) {
  const auto interval = bootstrap_mean_interval(kValues, kKey);
  EXPECT_EQ(interval->low, bootstrap_mean_interval(kValues, kKey)->low);
  EXPECT_NE(interval->low, bootstrap_mean_interval(kValues, {.seed = 4})->low);
  EXPECT_NEAR(interval->low, bootstrap_mean_interval(kValues, {.seed = 4})->low, 0.15);
}

// Of 400 samples of 40 exponential values, 95 % intervals should miss the mean about 20 to 32 times (BCa is a little
// short at this size); missing fewer than 8 or more than 44 has probability below 0.001 for a method that works.
TEST(Bootstrap, CoversTheMeanOfASkewedDistributionAboutAsOftenAsItSays) {
  int missed = 0;
  Rng rng(kKey);
  for (std::uint64_t sample = 0; sample < 400; ++sample) {
    Vector values(40);
    for (double& value : values) value = -std::log(1 - rng.uniform());
    const auto interval = bootstrap_mean_interval(values, {.seed = 9, .trial = sample}, {.resamples = 500});
    missed += interval->low > 1 || interval->high < 1;
  }
  EXPECT_GE(missed, 8);
  EXPECT_LE(missed, 44);
}

TEST(Bootstrap, PairingRemovesWhatBothSidesShare) {
  Vector a, b;
  Rng rng(kKey);
  for (int i = 0; i < 20; ++i) {
    const double shared = 100 * rng.normal();
    a.push_back(shared + 1 + 0.1 * rng.normal());
    b.push_back(shared);
  }
  const auto interval = bootstrap_paired_interval(a, b, kKey);
  EXPECT_GT(interval->low, 0.9);
  EXPECT_LT(interval->high, 1.1);
  EXPECT_LT(bootstrap_mean_interval(a, kKey)->low, -10);
}

TEST(Bootstrap, EqualValuesGiveThatValue) {
  const auto interval = bootstrap_mean_interval(Vector{2, 2, 2}, kKey);
  EXPECT_EQ(interval->low, 2);
  EXPECT_EQ(interval->high, 2);
}

TEST(Bootstrap, RefusesSamplesThatCannotBeResampled) {
  EXPECT_FALSE(bootstrap_mean_interval(Vector{1}, kKey));
  EXPECT_FALSE(bootstrap_mean_interval(Vector{1, INFINITY}, kKey));
  EXPECT_FALSE(bootstrap_mean_interval(kValues, kKey, {.confidence_fraction = 0}));
  EXPECT_FALSE(bootstrap_mean_interval(kValues, kKey, {.resamples = 10}));
  EXPECT_FALSE(bootstrap_paired_interval(kValues, Vector{1, 2}, kKey));
}

}  // namespace
}  // namespace pegbox::math
