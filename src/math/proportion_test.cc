// Proportions against SciPy's binomtest and published tables.
#include "math/proportion.h"

#include <gtest/gtest.h>

namespace pegbox::math {
namespace {

// scipy.stats.binomtest(k, n).proportion_ci(method="exact")
TEST(Proportion, IntervalsAreClopperPearsons) {
  const auto half = proportion_interval(5, 10);
  EXPECT_NEAR(half->low, 0.18708603, 1e-7);
  EXPECT_NEAR(half->high, 0.81291397, 1e-7);
  const auto none = proportion_interval(0, 10), all = proportion_interval(10, 10);
  EXPECT_EQ(none->low, 0);
  EXPECT_NEAR(none->high, 0.30849710, 1e-7);
  EXPECT_NEAR(all->low, 0.69150290, 1e-7);
  EXPECT_EQ(all->high, 1);
  EXPECT_FALSE(proportion_interval(3, 2));
  EXPECT_FALSE(proportion_interval(0, 0));
}

TEST(Proportion, McNemarsTestIsTheSignTest) {
  EXPECT_NEAR(mcnemar_p_value(1, 9), 2 * 11.0 / 1024, 1e-12);
  EXPECT_EQ(mcnemar_p_value(1, 9), mcnemar_p_value(9, 1));
  EXPECT_EQ(mcnemar_p_value(4, 4), 1);
  EXPECT_EQ(mcnemar_p_value(0, 0), 1);
}

}  // namespace
}  // namespace pegbox::math
