// What every executor must do, over one row for each: legs, rungs, pauses, stops, failures, many trials over few slots.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <set>
#include <thread>

#include "search/executors/command_executor.h"
#include "search/executors/inline_executor.h"
#include "search/executors/simulated_executor.h"
#include "search/executors/testing.h"
#include "search/executors/worker_executor.h"

namespace pegbox {
namespace {

double number(const Config& config, const char* name, double fallback) {
  const Value* value = config.find(name);
  return value ? as_number(*value) : fallback;
}

std::unique_ptr<Executor> make_inline(const Path&) {
  const auto function = [](const Launch& launch, InlineReporter& reporter) -> Result<LegEnd> {
    const auto length = static_cast<std::int64_t>(number(launch.config, "length", 6));
    std::int64_t step = launch.from;
    for (;;) {
      if (reporter.should_end()) return LegEnd{step, {}, "step-" + std::to_string(step)};
      ++step;
      std::this_thread::sleep_for(std::chrono::duration<double>(number(launch.config, "nap", 0)));
      if (number(launch.config, "fail", 0) == static_cast<double>(step))
        return fail(ErrorKind::Diverged, {.what = "nan"});
      const Metrics metrics{{"loss", number(launch.config, "x", 1) / static_cast<double>(step)}};
      if (step >= length || step == launch.until) return LegEnd{step, metrics, "step-" + std::to_string(step)};
      reporter.report(step, metrics);
    }
  };
  return std::make_unique<InlineExecutor>(function, 2);
}

std::unique_ptr<Executor> make_simulated(const Path&) {
  const auto simulation = [](const Launch& launch) {
    SimulatedTrial trial;
    trial.length = static_cast<std::int64_t>(number(launch.config, "length", 6));
    trial.seconds_per_step = 1 + 0.1 * static_cast<double>(launch.trial);
    const double x = number(launch.config, "x", 1);
    trial.curve = [x](std::int64_t step) { return Metrics{{"loss", x / static_cast<double>(step)}}; };
    trial.fails_at = static_cast<std::int64_t>(number(launch.config, "fail", 0));
    trial.failure = FailureKind::Diverged;
    return trial;
  };
  return std::make_unique<SimulatedExecutor>(simulation, 2);
}

std::unique_ptr<Executor> make_workers(const Path& folder) {
  const std::string program = write_program(folder, "worker.py", kPythonWorker);
  WorkerOptions options;
  options.processes = {2,
                       ProcessSpec{.arguments = {"python3", program}, .environment = {{"SLOTS", "1"}}, .folder = {}}};
  options.folder = folder / "logs";
  return WorkerExecutor::start(options).value();
}

std::unique_ptr<Executor> make_commands(const Path& folder) {
  CommandOptions options;
  options.command = "exec python3 " + write_program(folder, "trial.py", kPythonTrial).string();
  options.count = 2;
  options.folder = folder / "trials";
  return CommandExecutor::create(options).value();
}

struct Row {
  const char* name;
  std::unique_ptr<Executor> (*make)(const Path& folder);
};
constexpr Row kExecutors[] = {
    {"Inline", make_inline}, {"Simulated", make_simulated}, {"Workers", make_workers}, {"Commands", make_commands}};

class ExecutorTest : public testing::TestWithParam<Row> {
 protected:
  void SetUp() override {
    executor = GetParam().make(folder_.path());
    ASSERT_TRUE(becomes_true([&] {
      if (executor->slots() == 2) return true;
      EXPECT_TRUE(executor->poll(std::chrono::milliseconds(10)));
      return executor->slots() == 2;
    }));
  }
  Result<void> start(const Launch& launch) { return executor->start(launch); }

  TemporaryFolder folder_ = TemporaryFolder::create("pegbox-executor").value();
  std::unique_ptr<Executor> executor;
};

bool has_end(const std::vector<Signal>& signals) {
  return std::ranges::any_of(signals, [](const Signal& signal) { return ends_leg(signal.kind); });
}

TEST_P(ExecutorTest, RunsATrialToItsEnd) {
  ASSERT_TRUE(start(launch_of(0, {{"x", 3.0}})));
  const auto signals = collect(*executor, has_end);
  EXPECT_EQ(steps_of(signals, 0), (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6}));
  const Signal& end = signals.back();
  EXPECT_EQ(end.kind, SignalKind::Done) << end.detail;
  EXPECT_EQ(end.step, 6);
  EXPECT_DOUBLE_EQ(end.metrics.at("loss"), 0.5);
  EXPECT_FALSE(end.worker.empty());
  EXPECT_LE(end.time_s, executor->clock().now_s());
}

TEST_P(ExecutorTest, WaitsAtARungAndGoesOnFromThere) {
  const Launch first = launch_of(0, {{"x", 1.0}}, 2);
  ASSERT_TRUE(start(first));
  auto signals = collect(*executor, has_end);
  EXPECT_EQ(signals.back().kind, SignalKind::Reached) << signals.back().detail;
  EXPECT_EQ(steps_of(signals, 0), (std::vector<std::int64_t>{1, 2}));
  const Launch second = next_leg(first, signals.back(), 4);
  ASSERT_TRUE(start(second));
  signals = collect(*executor, has_end);
  EXPECT_EQ(signals.back().kind, SignalKind::Reached) << signals.back().detail;
  EXPECT_EQ(steps_of(signals, 0), (std::vector<std::int64_t>{3, 4}));
  ASSERT_TRUE(start(next_leg(second, signals.back())));
  signals = collect(*executor, has_end);
  EXPECT_EQ(signals.back().kind, SignalKind::Done) << signals.back().detail;
  EXPECT_EQ(steps_of(signals, 0), (std::vector<std::int64_t>{5, 6}));
}

TEST_P(ExecutorTest, GoesOnWithATrialThatOthersOvertook) {
  const Launch early = launch_of(0, {{"x", 1.0}}, 3);
  ASSERT_TRUE(start(early));
  const Signal reached = collect_end(*executor, 0);
  for (std::int64_t trial = 1; trial <= 3; ++trial) {
    ASSERT_TRUE(start(launch_of(trial)));
    EXPECT_EQ(collect_end(*executor, trial).kind, SignalKind::Done);
  }
  ASSERT_TRUE(start(next_leg(early, reached)));
  const auto signals = collect(*executor, has_end);
  EXPECT_EQ(signals.back().kind, SignalKind::Done) << signals.back().detail;
  EXPECT_EQ(steps_of(signals, 0), (std::vector<std::int64_t>{4, 5, 6}));
}

TEST_P(ExecutorTest, BeginsACloneWhereAnotherTrialStandsAndGoesOnWithThatOne) {
  const Launch first = launch_of(0, {{"x", 1.0}}, 3);
  ASSERT_TRUE(start(first));
  const Signal reached = collect_end(*executor, 0);
  ASSERT_EQ(reached.kind, SignalKind::Reached) << reached.detail;
  Launch clone = launch_of(1, {{"x", 3.0}});
  clone.from = reached.step;
  clone.resume = CheckpointRef{0, reached.step, reached.checkpoint};
  ASSERT_TRUE(start(clone));
  auto signals = collect(*executor, has_end);
  EXPECT_EQ(signals.back().kind, SignalKind::Done) << signals.back().detail;
  EXPECT_EQ(steps_of(signals, 1), (std::vector<std::int64_t>{4, 5, 6}));
  EXPECT_DOUBLE_EQ(signals.back().metrics.at("loss"), 0.5) << "with its own configuration";
  ASSERT_TRUE(start(next_leg(first, reached)));
  signals = collect(*executor, has_end);
  EXPECT_EQ(signals.back().kind, SignalKind::Done) << signals.back().detail;
  EXPECT_EQ(steps_of(signals, 0), (std::vector<std::int64_t>{4, 5, 6}));
}

TEST_P(ExecutorTest, PausesBetweenStepsAndLosesNone) {
  const Launch first = launch_of(0, {{"nap", 0.01}, {"length", 40}});
  ASSERT_TRUE(start(first));
  auto signals = collect(*executor, [](const auto& all) { return all.size() >= 3; });
  executor->pause(0);
  const auto rest = collect(*executor, has_end);
  signals.insert(signals.end(), rest.begin(), rest.end());
  ASSERT_EQ(signals.back().kind, SignalKind::Paused) << signals.back().detail;
  EXPECT_FALSE(signals.back().checkpoint.empty());
  EXPECT_GE(signals.back().step, 3);
  EXPECT_LT(signals.back().step, 40);
  ASSERT_TRUE(start(next_leg(first, signals.back())));
  const auto more = collect(*executor, has_end);
  EXPECT_EQ(more.back().kind, SignalKind::Done) << more.back().detail;
  signals.insert(signals.end(), more.begin(), more.end());
  const auto steps = steps_of(signals, 0);
  EXPECT_EQ(std::set<std::int64_t>(steps.begin(), steps.end()).size(), 40u);
  EXPECT_EQ(steps.size(), 40u);
  EXPECT_TRUE(std::ranges::is_sorted(steps));
}

TEST_P(ExecutorTest, StopsATrialAndNoOther) {
  ASSERT_TRUE(start(launch_of(0, {{"nap", 0.01}, {"length", 1000000}})));
  ASSERT_TRUE(start(launch_of(1, {{"nap", 0.01}, {"length", 20}})));
  collect(*executor, [](const auto& all) { return all.size() >= 2; });
  executor->stop(0);
  const auto signals = collect(*executor, [](const auto& all) {
    return std::ranges::count_if(all, [](const Signal& signal) { return ends_leg(signal.kind); }) == 2;
  });
  for (const Signal& signal : signals) {
    if (!ends_leg(signal.kind)) continue;
    EXPECT_EQ(signal.kind, signal.trial == 0 ? SignalKind::Stopped : SignalKind::Done) << signal.detail;
  }
}

TEST_P(ExecutorTest, FailsATrialAndNoOther) {
  ASSERT_TRUE(start(launch_of(0, {{"fail", 2}, {"x", 1.0}})));
  const Signal failed = collect_end(*executor, 0);
  EXPECT_EQ(failed.kind, SignalKind::Failed);
  EXPECT_EQ(failed.failure, FailureKind::Diverged);
  EXPECT_FALSE(failed.detail.empty());
  ASSERT_TRUE(start(launch_of(1)));
  EXPECT_EQ(collect_end(*executor, 1).kind, SignalKind::Done);
}

TEST_P(ExecutorTest, RefusesToStartWhatRuns) {
  ASSERT_TRUE(start(launch_of(0, {{"nap", 0.05}})));
  EXPECT_FALSE(start(launch_of(0)));
  EXPECT_EQ(collect_end(*executor, 0).kind, SignalKind::Done);
}

TEST_P(ExecutorTest, RunsManyTrialsOverFewSlots) {
  constexpr std::int64_t kTrials = 12;
  std::int64_t started = 0, running = 0;
  std::set<std::int64_t> done;
  while (static_cast<std::int64_t>(done.size()) < kTrials && !HasFailure()) {
    for (; running < executor->slots() && started < kTrials; ++running)
      ASSERT_TRUE(start(launch_of(started++, {{"length", 2}})));
    for (const Signal& signal : collect(*executor, has_end)) {
      if (!ends_leg(signal.kind)) continue;
      EXPECT_EQ(signal.kind, SignalKind::Done) << signal.detail;
      EXPECT_TRUE(done.insert(signal.trial).second);
      executor->release(signal.trial);
      --running;
    }
  }
}

TEST_P(ExecutorTest, IgnoresWishesAboutTrialsThatItDoesNotRun) {
  executor->pause(7);
  executor->stop(8);
  executor->release(9);
  ASSERT_TRUE(start(launch_of(0, {{"length", 2}})));
  const auto signals = collect(*executor, has_end);
  for (const Signal& signal : signals) EXPECT_EQ(signal.trial, 0);
}

INSTANTIATE_TEST_SUITE_P(Executors, ExecutorTest, testing::ValuesIn(kExecutors),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace pegbox
