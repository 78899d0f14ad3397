// Population-based training from end to end: clones over real tuners, stores and executors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <mutex>
#include <set>

#include "search/executors/inline_executor.h"
#include "search/executors/simulated_executor.h"
#include "search/samplers/table.h"
#include "search/schedulers/table.h"
#include "search/stores/table.h"
#include "search/tuner.h"

namespace pegbox {
namespace {

constexpr std::int64_t kSteps = 50;

/// Descent with a learning rate: fast where it is large, but with an error floor that grows with it. The best constant
/// rate is worse than one that falls, and one trial cannot let it fall.
double descend(double error, double rate) { return (1 - rate) * error + 0.5 * rate * rate; }

double best_of_constant_rates() {
  double best = HUGE_VAL;
  for (double rate = 0.001; rate < 1; rate *= 1.01) {
    double error = 10;
    for (std::int64_t step = 0; step < kSteps; ++step) error = descend(error, rate);
    best = std::min(best, error);
  }
  return best;
}

/// The weights of simulated trials: errors by (trial, step).
class Weights {
 public:
  double at(const Launch& launch, std::int64_t step) {
    double error = 10;
    std::int64_t from = 0;
    if (launch.resume) {
      from = launch.resume->step;
      error = known_.at({launch.resume->trial, from});
    }
    const double rate = as_number(*launch.config.find("rate"));
    for (std::int64_t i = from; i < step; ++i) error = descend(error, rate);
    return known_[{launch.trial, step}] = error;
  }

 private:
  std::map<std::pair<std::int64_t, std::int64_t>, double> known_;
};

/// Tells of every start and release, and refuses a start from a snapshot that is gone.
class WatchedExecutor final : public Executor {
 public:
  explicit WatchedExecutor(Executor& executor) : executor_(executor) {}
  std::vector<std::string> calls;

  int slots() const override { return executor_.slots(); }
  Result<std::optional<message::Described>> describe() override { return executor_.describe(); }
  Result<void> start(const Launch& launch) override {
    calls.push_back("start " + std::to_string(launch.trial) + " from " + std::to_string(launch.from));
    EXPECT_FALSE(launch.resume && released_.contains(launch.resume->trial)) << "the snapshot is gone";
    return executor_.start(launch);
  }
  void pause(std::int64_t trial) override { executor_.pause(trial); }
  void stop(std::int64_t trial) override { executor_.stop(trial); }
  void release(std::int64_t trial) override {
    calls.push_back("release " + std::to_string(trial));
    EXPECT_TRUE(released_.insert(trial).second) << "released twice";
    executor_.release(trial);
  }
  Result<std::vector<Signal>> poll(std::chrono::milliseconds wait) override { return executor_.poll(wait); }
  const Clock& clock() const override { return executor_.clock(); }

 private:
  Executor& executor_;
  std::set<std::int64_t> released_;
};

StudySpec training_spec(Json search = {{"name", "pbt"}, {"population", 8}, {"factor", 1.6}}) {
  Document document;
  document.name = "study.yaml";
  document.json = {{"name", "s"},
                   {"space", {{"rate", {{"range", {0.001, 1}}, {"scale", "log"}}}}},
                   {"objective", {{"minimize", "loss"}}},
                   {"budget", {{"trials", 40}}},
                   {"search", search},
                   {"steps", kSteps},
                   {"seed", 3}};
  auto spec = StudySpec::read(document);
  EXPECT_TRUE(spec) << (spec ? "" : spec.error().message);
  return *spec;
}

Result<RunResult> run_study(Study& study, Executor& executor) {
  PEGBOX_TRY(const auto sampler, make_sampler(study.state().spec()));
  PEGBOX_TRY(const auto scheduler, make_scheduler(study.state().spec()));
  Director director(*sampler, *scheduler);
  Tuner tuner(study, director, executor, {});
  return tuner.run();
}

/// What must hold of the trials of a study of population-based training.
void expect_family(const History& history, std::int64_t members) {
  std::int64_t clones = 0;
  for (const Trial& trial : history.trials) {
    EXPECT_TRUE(is_final(trial.state));
    if (!trial.clone_of) continue;
    ++clones;
    const Trial& parent = history.trials[static_cast<std::size_t>(trial.clone_of->trial)];
    EXPECT_EQ(trial.reason["parents"][0], parent.number);
    ASSERT_FALSE(trial.reports.empty());
    EXPECT_GT(trial.reports.front().step, trial.clone_of->step);
    const auto before = parent.metric_at("loss", trial.clone_of->step);
    ASSERT_TRUE(before);
    EXPECT_LT(trial.reports.front().metrics.at("loss"), 2 * *before + 0.6) << "it goes on from its parent's weights";
  }
  EXPECT_GT(clones, members);
  EXPECT_GE(std::ssize(history.in_state(TrialState::Done)), members);
}

TEST(PopulationTraining, BeatsEveryConstantRateOnSimulatedTrials) {
  for (const int workers : {2, 8}) {
    const auto store = *open_store("memory:");
    const auto study = std::move(*Study::create(*store, training_spec()));
    Weights weights;
    SimulatedExecutor simulated(
        [&](const Launch& launch) {
          SimulatedTrial trial;
          trial.length = kSteps;
          trial.seconds_per_step = 1 + as_number(*launch.config.find("rate"));
          trial.curve = [&weights, launch](std::int64_t step) -> Metrics {
            return {{"loss", weights.at(launch, step)}};
          };
          return trial;
        },
        workers);
    WatchedExecutor watched(simulated);
    const auto result = run_study(*study, watched);
    ASSERT_TRUE(result) << result.error().message;
    const History history = study->history();
    expect_family(history, 8);
    const double best = *loss_of(history, history.trials[static_cast<std::size_t>(*best_trial(history))]);
    EXPECT_LT(best, 0.8 * best_of_constant_rates()) << workers << " workers";
  }
}

TEST(PopulationTraining, ClonesTrialsOfThisProcess) {
  const auto store = *open_store("memory:");
  const auto study = std::move(*Study::create(*store, training_spec()));
  std::mutex mutex;
  std::map<std::string, double> snapshots;
  const auto function = [&](const Launch& launch, InlineReporter&) -> Result<LegEnd> {
    const double rate = as_number(*launch.config.find("rate"));
    double error = 10;
    if (launch.resume) {
      const std::lock_guard lock(mutex);
      error = snapshots.at(launch.resume->name);
    }
    const std::int64_t until = launch.until > 0 ? launch.until : kSteps;
    for (std::int64_t step = launch.from; step < until; ++step) error = descend(error, rate);
    const std::string name = std::to_string(launch.trial) + "@" + std::to_string(until);
    const std::lock_guard lock(mutex);
    snapshots[name] = error;
    return LegEnd{until, {{"loss", error}}, name};
  };
  InlineExecutor executor(function, 3);
  const auto result = run_study(*study, executor);
  ASSERT_TRUE(result) << result.error().message;
  expect_family(study->history(), 8);
}

/// Two founders, then a clone of the first.
class OneClone final : public Sampler {
 public:
  Result<std::vector<Suggestion>> suggest(const History& history, int, RngKey) override {
    if (history.trials.size() < 2)
      return std::vector<Suggestion>{{Config{{"rate", 0.5 + 0.1 * static_cast<double>(history.trials.size())}}, {}}};
    if (history.trials.size() > 2) return std::vector<Suggestion>{};
    return std::vector<Suggestion>{{Config{{"rate", 0.25}}, {}, history.trials[0].checkpoint}};
  }
};

/// Rungs at which everybody goes on.
class TwoRungs final : public Scheduler {
 public:
  std::int64_t next_rung(const History&, const Trial& trial) override {
    return trial.step < 10 ? 10 : trial.step < 40 ? 40 : 0;
  }
  Ruling on_reached(const History&, const Trial&) override { return Verdict::Continue; }
  std::optional<Promotion> next_to_resume(const History&) override { return std::nullopt; }
};

TEST(PopulationTraining, KeepsASnapshotUntilTheCloneHasOneOfItsOwn) {
  const auto store = *open_store("memory:");
  const auto study = std::move(*Study::create(*store, training_spec("random")));
  SimulatedExecutor simulated(
      [](const Launch& launch) {
        SimulatedTrial trial;
        trial.length = kSteps;
        trial.report_every = 100;
        trial.curve = [](std::int64_t) -> Metrics { return {{"loss", 1}}; };
        if (launch.trial == 1) trial.seconds_per_step = 0.3;
        if (launch.trial == 2) trial.seconds_per_step = 3;
        if (launch.trial == 2 && launch.attempt == 1) trial.fails_at = 30, trial.failure = FailureKind::WorkerLost;
        return trial;
      },
      2);
  WatchedExecutor watched(simulated);
  OneClone sampler;
  TwoRungs scheduler;
  Director director(sampler, scheduler);
  Tuner tuner(*study, director, watched, {});
  const auto result = tuner.run();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(watched.calls,
              testing::ElementsAre("start 0 from 0", "start 1 from 0", "start 1 from 10", "start 0 from 10",
                                   "start 1 from 40", "release 1", "start 2 from 10", "start 0 from 40",
                                   "start 2 from 10", "release 0", "start 2 from 40", "release 2"));
}

}  // namespace
}  // namespace pegbox
