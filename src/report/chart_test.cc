// Axes that can be read whatever the values are.
#include "report/chart.h"

#include <gtest/gtest.h>

#include <array>

namespace pegbox {
namespace {

TEST(ChartAxis, HasAtLeastTwoLabelsAndNoCrowd) {
  for (double range = 1e-6; range < 1e9; range *= 1.37)
    for (const double low : {-range / 3, 0.0, 2.06}) {
      const std::array<double, 2> ends{low, low + range};
      const auto count = ChartAxis::over("x", ends).labels().size();
      EXPECT_GE(count, 2u) << low << " and " << range;
      EXPECT_LE(count, 7u) << low << " and " << range;
    }
}

}  // namespace
}  // namespace pegbox
