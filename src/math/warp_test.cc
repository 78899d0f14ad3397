// Warps: the formula, monotony, and derivatives against differences.
#include "math/warp.h"

#include <gtest/gtest.h>

#include <cmath>

#include "math/kernel.h"

namespace pegbox::math {
namespace {

const Warp kWarps[] = {{1, 1}, {0.4, 1}, {2.5, 0.6}, {0.3, 3}, {4, 4}};

TEST(Warp, IsKumaraswamysDistributionFunction) {
  for (const auto& [a, b] : kWarps)
    for (const double x : {0.01, 0.2, 0.5, 0.77, 0.99})
      EXPECT_NEAR(warped({a, b}, x), 1 - std::pow(1 - std::pow(x, a), b), 2e-5) << a << " " << b << " " << x;
}

TEST(Warp, GoesFromZeroToOneWithoutATurn) {
  for (const Warp& warp : kWarps) {
    EXPECT_NEAR(warped(warp, 0), 0, 0.05);  // 1e-6 to the power of 0.3 is 0.016
    EXPECT_NEAR(warped(warp, 1), 1, 1e-3);
    for (int i = 0; i < 100; ++i) EXPECT_LT(warped(warp, i * 0.01), warped(warp, (i + 1) * 0.01));
  }
}

TEST(Warp, LeavesEverythingAsItIsByDefault) {
  for (const double x : {0.0, 0.3, 1.0}) EXPECT_NEAR(warped({}, x), x, 1.01e-6);
  EXPECT_TRUE(std::isnan(warped({2, 2}, kInactive)));
}

TEST(Warp, SlopesEqualCentralDifferences) {
  constexpr double kStep = 1e-6;
  for (const Warp& warp : kWarps)
    for (const double x : {0.05, 0.4, 0.9}) {
      const WarpSlopes slopes = warp_with_slopes(warp, x);
      EXPECT_DOUBLE_EQ(slopes.value, warped(warp, x));
      EXPECT_NEAR(slopes.by_x, (warped(warp, x + kStep) - warped(warp, x - kStep)) / (2 * kStep), 1e-7);
      const Warp more_a{warp.a * std::exp(kStep), warp.b}, less_a{warp.a * std::exp(-kStep), warp.b};
      EXPECT_NEAR(slopes.by_log_a, (warped(more_a, x) - warped(less_a, x)) / (2 * kStep), 1e-7);
      const Warp more_b{warp.a, warp.b * std::exp(kStep)}, less_b{warp.a, warp.b * std::exp(-kStep)};
      EXPECT_NEAR(slopes.by_log_b, (warped(more_b, x) - warped(less_b, x)) / (2 * kStep), 1e-7);
    }
}

TEST(Warp, SlopesAreFiniteAtTheEnds) {
  for (const Warp& warp : kWarps)
    for (const double x : {0.0, 1.0}) {
      const WarpSlopes slopes = warp_with_slopes(warp, x);
      for (const double each : {slopes.value, slopes.by_x, slopes.by_log_a, slopes.by_log_b})
        EXPECT_TRUE(std::isfinite(each)) << warp.a << " " << warp.b << " at " << x;
    }
}

}  // namespace
}  // namespace pegbox::math
