// RateRise: simulated runs.
#include "math/rate_rise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/rng.h"

namespace pegbox::math {
namespace {

constexpr int kRuns = 1000, kAnswers = 5000;
constexpr double kLimit = 0.05, kLevel = 0.05;

/// When the evidence first reached 1 / kLevel, in one run whose rate changes.
std::optional<int> alarm_of(std::uint64_t run, double before, double after, int change) {
  Rng rng({.stream = stream_id("rate rise"), .trial = run});
  RateRise test(kLimit);
  for (int i = 0; i < kAnswers; ++i) {
    test.add(rng.uniform() < (i < change ? before : after));
    if (test.evidence() >= 1 / kLevel) return i;
  }
  return std::nullopt;
}

TEST(RateRise, IsWrongInNoMoreRunsThanItSays) {
  int wrong = 0;
  for (int run = 0; run < kRuns; ++run) wrong += alarm_of(run, kLimit, kLimit, kAnswers).has_value();
  RecordProperty("false_alarms", wrong);
  EXPECT_LE(wrong, kRuns * kLevel) << "looked at after each of 5,000 answers";
  EXPECT_GT(wrong, 0) << "it takes no chance at all: it cannot see much";
}

TEST(RateRise, SeesADoubledRateSoon) {
  for (const int change : {0, 2000}) {
    std::vector<int> delays;
    int early = 0;
    for (int run = 0; run < kRuns; ++run) {
      const auto alarm = alarm_of(run, kLimit, 2 * kLimit, change);
      early += alarm && *alarm < change;
      delays.push_back(alarm.value_or(kAnswers) - change);
    }
    std::ranges::sort(delays);
    RecordProperty(change == 0 ? "median_at_once" : "median_late", delays[kRuns / 2]);
    EXPECT_LE(early, kRuns * kLevel) << change;
    EXPECT_LT(delays[kRuns / 2], change == 0 ? 250 : 550) << change;
    EXPECT_LT(delays[kRuns * 95 / 100], change == 0 ? 600 : 1000) << change;
  }
}

TEST(RateRise, GoesOnFromItsState) {
  RateRise whole(0.1), first(0.1);
  for (int i = 0; i < 100; ++i) {
    whole.add(i % 7 == 0);
    if (i < 50) first.add(i % 7 == 0);
  }
  RateRise second(0.1, first.state());
  for (int i = 50; i < 100; ++i) second.add(i % 7 == 0);
  EXPECT_EQ(second.evidence(), whole.evidence());
  EXPECT_EQ(RateRise(0.1).evidence(), 1);
}

}  // namespace
}  // namespace pegbox::math
