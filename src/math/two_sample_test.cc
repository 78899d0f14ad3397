// Two-sample tests against SciPy.
#include "math/two_sample.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/rng.h"

namespace pegbox::math {
namespace {

using Values = std::vector<double>;

// scipy.stats.ks_2samp(a, b)
TEST(KolmogorovSmirnov, IsSciPys) {
  const Values a = {0.1, 0.4, 0.7, 1.2, 3.5}, b = {0.9, 1.1, 1.3, 2.2, 2.8, 4.1, 5};
  const TestResult result = kolmogorov_smirnov(a, b);
  EXPECT_NEAR(result.statistic, 0.6, 1e-12);
  EXPECT_NEAR(result.p_value, 0.16666666666666663, 1e-12);
  const Values ties = {1, 1, 2, 2, 2, 3}, others = {2, 3, 3, 3, 4, 4};
  EXPECT_NEAR(kolmogorov_smirnov(ties, others).statistic, 2.0 / 3, 1e-12);
  EXPECT_NEAR(kolmogorov_smirnov(ties, others).p_value, 0.14285714285714285, 1e-12);
  EXPECT_EQ(kolmogorov_smirnov(a, a).p_value, 1);
  EXPECT_EQ(kolmogorov_smirnov(Values{1}, Values{2}).p_value, 1);
  // Nothing cancels in the far tail: 2 of all C(60, 30) paths stay out.
  Values low, high;
  for (int i = 0; i < 30; ++i) {
    low.push_back(i);
    high.push_back(100 + i);
  }
  EXPECT_NEAR(kolmogorov_smirnov(low, high).p_value / 1.6911233892144742e-17, 1, 1e-9);
}

TEST(KolmogorovSmirnov, RejectsAsOftenAsItSaysWhateverTheSizes) {
  Rng rng({.stream = stream_id("ks")});
  for (const std::size_t size : {200u, 12'000u}) {
    int rejected = 0;
    const int runs = size > 10'000 ? 60 : 400;
    for (int run = 0; run < runs; ++run) {
      Values a, b;
      for (std::size_t i = 0; i < size; ++i) a.push_back(rng.uniform());
      for (std::size_t i = 0; i < size / 2; ++i) b.push_back(rng.uniform());
      rejected += kolmogorov_smirnov(a, b).p_value <= 0.1;
    }
    EXPECT_GT(rejected, runs * 0.02) << size;
    EXPECT_LT(rejected, runs * 0.2) << size;
  }
}

// scipy.stats.wasserstein_distance
TEST(Wasserstein, IsSciPys) {
  EXPECT_NEAR(wasserstein(Values{0, 1, 3}, Values{5, 6, 8}), 5, 1e-12);
  EXPECT_NEAR(wasserstein(Values{3.4, 3.9, 7.5, 7.8}, Values{4.5, 1.4}), 2.7, 1e-12);
  EXPECT_EQ(wasserstein(Values{2, 1}, Values{1, 2}), 0);
}

}  // namespace
}  // namespace pegbox::math
