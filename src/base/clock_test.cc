// Tests of the clocks.
#include "base/clock.h"

#include <gtest/gtest.h>

#include <ctime>
#include <regex>

namespace pegbox {
namespace {

TEST(SystemClock, NeverGoesBack) {
  const SystemClock clock;
  double last_s = clock.now_s();
  for (int i = 0; i < 10000; ++i) {
    const double now_s = clock.now_s();
    ASSERT_GE(now_s, last_s);
    last_s = now_s;
  }
}

TEST(ManualClock, MovesOnlyWhenTold) {
  ManualClock clock;
  EXPECT_EQ(clock.now_s(), 0);
  clock.set(12.5);
  EXPECT_EQ(clock.now_s(), 12.5);
}

TEST(Timestamp, IsTheUnixTimeInUtc) {
  const std::string text = timestamp_utc();
  ASSERT_TRUE(std::regex_match(text, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"))) << text;
  std::tm parts{};
  ASSERT_NE(strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts), nullptr);
  EXPECT_NEAR(static_cast<double>(timegm(&parts)), unix_time_s(), 5);
}

}  // namespace
}  // namespace pegbox
