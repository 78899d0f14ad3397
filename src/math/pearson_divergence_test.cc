// Pearson divergence: what it must be; equality with Optuna's numbers is among the tests against peers.
#include "math/pearson_divergence.h"

#include <gtest/gtest.h>

#include <vector>

namespace pegbox::math {
namespace {

using Counts = std::vector<int>;

// With one smeared kernel and a uniform prior of the weight of one trial each, the densities are 1/3, 2/3 and 1/2, 1/2.
TEST(PearsonDivergence, OfTwoChoicesIsWhatItsDefinitionSays) {
  EXPECT_NEAR(pearson_divergence(Counts{0, 2}, Counts{2, 2}, true), 1.0 / 9, 1e-9);
}

TEST(PearsonDivergence, OfTheSameCountsIsZero) {
  const Counts counts{3, 0, 1, 5, 2};
  EXPECT_NEAR(pearson_divergence(counts, counts, false), 0, 1e-12);
  EXPECT_NEAR(pearson_divergence(counts, counts, true), 0, 1e-12);
}

TEST(PearsonDivergence, GrowsAsTheTopTrialsLieCloserTogether) {
  const Counts all(20, 10);
  Counts apart(20, 0), near(20, 0), one(20, 0);
  apart[2] = apart[9] = apart[16] = 7;
  near[8] = near[9] = near[10] = 7;
  one[9] = 21;
  const double far = pearson_divergence(apart, all, false), close = pearson_divergence(near, all, false);
  EXPECT_GT(close, 3 * far);
  EXPECT_GT(pearson_divergence(one, all, false), close);
}

}  // namespace
}  // namespace pegbox::math
