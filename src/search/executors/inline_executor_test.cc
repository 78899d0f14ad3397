// Tests of what is particular to functions on threads.
#include "search/executors/inline_executor.h"

#include <gtest/gtest.h>

#include <chrono>

#include "search/executors/testing.h"

namespace pegbox {
namespace {

Result<LegEnd> wait_for_the_end(const Launch& launch, InlineReporter& reporter) {
  while (!reporter.should_end()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return LegEnd{launch.from + 1, {{"loss", 1}}, "here"};
}

TEST(InlineExecutor, EndsRunningFunctionsWithItself) {
  std::atomic<int> ended = 0;
  {
    InlineExecutor executor(
        [&](const Launch& launch, InlineReporter& reporter) {
          auto end = wait_for_the_end(launch, reporter);
          ++ended;
          return end;
        },
        3);
    for (std::int64_t trial = 0; trial < 3; ++trial) ASSERT_TRUE(executor.start(launch_of(trial)));
    ASSERT_TRUE(becomes_true([&] { return executor.poll(std::chrono::milliseconds(0)).has_value(); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(ended, 3);
}

TEST(InlineExecutor, PausesALegThatHasNotBegun) {
  InlineExecutor executor(wait_for_the_end, 1);
  ASSERT_TRUE(executor.start(launch_of(0)));
  Launch waiting = launch_of(1);
  waiting.from = 4;
  waiting.resume = CheckpointRef{1, 4, "saved"};
  ASSERT_TRUE(executor.start(waiting));
  executor.pause(1);
  executor.stop(0);
  EXPECT_EQ(collect_end(executor, 0).kind, SignalKind::Stopped);
  executor.pause(0);
  ASSERT_TRUE(executor.start(launch_of(0)));
  executor.stop(0);
  EXPECT_EQ(collect_end(executor, 0).kind, SignalKind::Stopped);
}

TEST(InlineExecutor, RunsOnTheThreadThatPollsIfItHasNone) {
  std::thread::id ran_on;
  InlineExecutor executor(
      [&](const Launch& launch, InlineReporter& reporter) -> Result<LegEnd> {
        ran_on = std::this_thread::get_id();
        reporter.report(1, {{"loss", 2}});
        return LegEnd{launch.from + 2, {{"loss", 1}}, {}};
      },
      0);
  EXPECT_EQ(executor.slots(), 1);
  ASSERT_TRUE(executor.start(launch_of(0)));
  executor.stop(0);
  EXPECT_EQ(collect_end(executor, 0).kind, SignalKind::Stopped) << "before it began";
  ASSERT_TRUE(executor.start(launch_of(1)));
  const auto signals = executor.poll(std::chrono::milliseconds(0)).value();
  ASSERT_EQ(signals.size(), 2U);
  EXPECT_EQ(signals[0].kind, SignalKind::Report);
  EXPECT_EQ(signals[1].kind, SignalKind::Done);
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(InlineExecutor, TellsKindsOfFailureApart) {
  InlineExecutor executor(
      [](const Launch& launch, InlineReporter&) -> Result<LegEnd> {
        return fail(launch.trial == 0 ? ErrorKind::OutOfMemory : ErrorKind::InvalidInput, {.what = "no"});
      },
      1);
  ASSERT_TRUE(executor.start(launch_of(0)));
  EXPECT_EQ(collect_end(executor, 0).failure, FailureKind::OutOfMemory);
  ASSERT_TRUE(executor.start(launch_of(1)));
  EXPECT_EQ(collect_end(executor, 1).failure, FailureKind::Error);
}

TEST(InlineExecutor, CarriesThousandsOfTrialsASecond) {
  InlineExecutor executor([](const Launch&, InlineReporter&) -> Result<LegEnd> { return LegEnd{1, {{"loss", 1}}, ""}; },
                          8);
  constexpr std::int64_t kTrials = 5000;
  const double before_s = executor.clock().now_s();
  std::int64_t started = 0, ended = 0;
  while (ended < kTrials) {
    for (; started < kTrials && started - ended < executor.slots(); ++started)
      ASSERT_TRUE(executor.start(launch_of(started)));
    const auto signals = executor.poll(std::chrono::milliseconds(100)).value();
    for (const Signal& signal : signals) ended += ends_leg(signal.kind);
  }
  EXPECT_LT(executor.clock().now_s() - before_s, 5);
}

}  // namespace
}  // namespace pegbox
