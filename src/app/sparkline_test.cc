// Tests of sparklines.
#include "app/sparkline.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "app/terminal.h"

namespace pegbox {
namespace {

TEST(Sparkline, RunsFromTheLowestToTheHighestMark) {
  EXPECT_EQ(sparkline(std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7}, 8, true), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline(std::vector<double>{7, 0}, 8, false), "@_");
}

TEST(Sparkline, AveragesMoreValuesThanItHasRoomFor) {
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i) values.push_back(i);
  EXPECT_EQ(sparkline(values, 8, true), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(display_width(sparkline(values, 13, true)), 13);
}

TEST(Sparkline, DrawsEqualValuesLow) { EXPECT_EQ(sparkline(std::vector<double>{2, 2, 2}, 5, true), "▁▁▁"); }

TEST(Sparkline, LeavesAGapWhereAValueIsNotFinite) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(sparkline(std::vector<double>{0, nan, 1}, 5, true), "▁ █");
  EXPECT_EQ(sparkline(std::vector<double>{inf, 0, 1}, 5, true), " ▁█");
  EXPECT_EQ(sparkline(std::vector<double>{nan}, 5, true), " ");
}

TEST(Sparkline, IsEmptyForNothing) {
  EXPECT_EQ(sparkline({}, 8, true), "");
  EXPECT_EQ(sparkline(std::vector<double>{1}, 0, true), "");
}

}  // namespace
}  // namespace pegbox
