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

TEST(Chart, CutsLabelsThatHaveNoRoom) {
  const std::string name(60, 'n'), choice(60, 'c');
  const Chart chart("", ChartAxis::labelled("", {{0, choice}, {0.5, "short"}, {1, choice}}),
                    ChartAxis::labelled("", {{0, name}, {1, "y"}}));
  const std::string html = chart.html();
  EXPECT_NE(html.find(">short<"), std::string::npos);
  EXPECT_NE(html.find("nnn...<"), std::string::npos);
  EXPECT_NE(html.find("ccc...<"), std::string::npos);
  EXPECT_EQ(html.find(std::string(30, 'n')), std::string::npos);
  EXPECT_EQ(html.find(std::string(22, 'c')), std::string::npos);
}

}  // namespace
}  // namespace pegbox
