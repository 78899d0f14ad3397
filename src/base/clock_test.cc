// Tests of the clocks.
#include "base/clock.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

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
  EXPECT_EQ(text.size(), std::string("2000-01-01T00:00:00Z").size());
  std::tm parts{};
  const char* const end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  ASSERT_NE(end, nullptr) << text;
  EXPECT_EQ(*end, '\0') << text;
  EXPECT_NEAR(static_cast<double>(timegm(&parts)), unix_time_s(), 5);
}

}  // namespace
}  // namespace pegbox
