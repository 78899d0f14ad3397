// Tests of simulated time: order, adoption after a kill, recorded curves.
#include "search/executors/simulated_executor.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "base/rng.h"
#include "search/executors/testing.h"

namespace pegbox {
namespace {

SimulatedTrial simulate(const Launch& launch) {
  SimulatedTrial trial;
  trial.length = 20;
  trial.report_every = 3;
  trial.seconds_per_step = 0.5 + 0.3 * static_cast<double>(launch.trial % 4);
  trial.startup_s = 1;
  trial.curve = [launch](std::int64_t step) {
    return Metrics{{"loss", static_cast<double>(launch.trial) + 1 / static_cast<double>(step)}};
  };
  return trial;
}

std::string text_of(const Signal& signal) {
  return fmt::format("{} trial {} step {} at {} loss {}", static_cast<int>(signal.kind), signal.trial, signal.step,
                     signal.time_s, signal.metrics.contains("loss") ? signal.metrics.at("loss") : -1);
}

TEST(SimulatedExecutor, KeepsItsOwnTime) {
  SimulatedExecutor executor(simulate, 1, 100);
  ASSERT_TRUE(executor.start(launch_of(1, {}, 5)));
  const auto signals = collect(executor, [](const auto& all) { return count(all, SignalKind::Reached) == 1; });
  ASSERT_EQ(signals.size(), 2u);
  EXPECT_DOUBLE_EQ(signals[0].time_s, 100 + 1 + 3 * 0.8);
  EXPECT_DOUBLE_EQ(signals[1].time_s, 100 + 1 + 5 * 0.8);
  EXPECT_DOUBLE_EQ(executor.clock().now_s(), 100 + 1 + 5 * 0.8);
}

TEST(SimulatedExecutor, TellsWhatHappensAtOneMomentTogether) {
  SimulatedExecutor executor(simulate, 3);
  for (const std::int64_t trial : {8, 0, 4}) ASSERT_TRUE(executor.start(launch_of(trial)));
  const auto signals = executor.poll(std::chrono::milliseconds(0)).value();
  ASSERT_EQ(signals.size(), 3u);
  EXPECT_EQ(signals[0].trial, 0);
  EXPECT_EQ(signals[1].trial, 4);
  EXPECT_EQ(signals[2].trial, 8);
}

TEST(SimulatedExecutor, HasNothingToSayWhenNothingRuns) {
  SimulatedExecutor executor(simulate, 3, 7);
  EXPECT_TRUE(executor.poll(std::chrono::milliseconds(1000)).value().empty());
  EXPECT_EQ(executor.clock().now_s(), 7);
}

/// A host that starts a new trial whenever one ends, and may be killed after any poll.
class Host {
 public:
  void run(std::size_t polls) {
    start_executor();
    for (std::size_t i = 0; i < polls; ++i) {
      const auto signals = executor_->poll(std::chrono::milliseconds(0)).value();
      for (const Signal& signal : signals) {
        log.push_back(text_of(signal));
        now_s_ = signal.time_s;
        reported_[signal.trial] = signal.step;
        if (ends_leg(signal.kind)) legs_.erase(signal.trial);
      }
      fill();
    }
    executor_.reset();
  }
  std::vector<std::string> log;

 private:
  struct Leg {
    Launch launch;
    double started_s;
  };
  void start_executor() {
    executor_ = std::make_unique<SimulatedExecutor>(simulate, 3, now_s_);
    for (const auto& [trial, leg] : legs_) EXPECT_TRUE(executor_->adopt(leg.launch, leg.started_s, reported_[trial]));
    fill();
  }
  void fill() {
    while (legs_.size() < 3) {
      const Launch launch = launch_of(next_++);
      ASSERT_TRUE(executor_->start(launch));
      legs_[launch.trial] = {launch, executor_->clock().now_s()};
    }
  }
  std::unique_ptr<SimulatedExecutor> executor_;
  std::map<std::int64_t, Leg> legs_;
  std::map<std::int64_t, std::int64_t> reported_;
  std::int64_t next_ = 0;
  double now_s_ = 0;
};

TEST(SimulatedExecutor, GoesOnAfterAKillAsIfNothingHadHappened) {
  Host whole;
  whole.run(300);
  Rng rng({.seed = 4});
  for (int round = 0; round < 20; ++round) {
    Host killed;
    for (std::size_t left = 300; left > 0;) {
      const auto polls = std::min<std::size_t>(left, rng.below(40));
      killed.run(polls);
      left -= polls;
    }
    ASSERT_EQ(killed.log, whole.log);
  }
}

TEST(SimulatedExecutor, RepeatsARecordedCurve) {
  std::vector<Report> curve{{4, {{"loss", 4.0}}}, {8, {{"loss", 3.0}}}, {20, {{"loss", 2.5}}}};
  SimulatedExecutor executor([&](const Launch&) { return recorded_trial(curve, 60); }, 1);
  ASSERT_TRUE(executor.start(launch_of(0)));
  const auto signals = collect(executor, [](const auto& all) { return count(all, SignalKind::Done) == 1; });
  EXPECT_EQ(steps_of(signals, 0), (std::vector<std::int64_t>{4, 8, 12, 16, 20}));
  EXPECT_EQ(signals[2].metrics.at("loss"), 3.0);
  EXPECT_EQ(signals.back().metrics.at("loss"), 2.5);
  EXPECT_DOUBLE_EQ(signals.back().time_s, 60);
}

TEST(SimulatedExecutor, LosesAWorkerWhereItIsToldTo) {
  const auto lost_at_first = [](const Launch& launch) {
    SimulatedTrial trial = simulate(launch);
    trial.fails_at = launch.attempt == 1 ? 7 : 0;
    trial.failure = FailureKind::WorkerLost;
    return trial;
  };
  SimulatedExecutor executor(lost_at_first, 1);
  Launch launch = launch_of(0);
  ASSERT_TRUE(executor.start(launch));
  const Signal lost = collect_end(executor, 0);
  EXPECT_EQ(lost.kind, SignalKind::WorkerLost);
  EXPECT_EQ(lost.step, 7);
  launch.attempt = 2;
  ASSERT_TRUE(executor.start(launch));
  EXPECT_EQ(collect_end(executor, 0).kind, SignalKind::Done);
}

}  // namespace
}  // namespace pegbox
