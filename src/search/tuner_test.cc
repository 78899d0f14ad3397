// The tuner over a real store, real strategies and simulated trials: budgets, kills at every commit, losses, wishes.
#include "search/tuner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <set>
#include <vector>

#include "search/executors/simulated_executor.h"
#include "search/samplers/table.h"
#include "search/schedulers/table.h"
#include "search/study_kit_for_test.h"

namespace pegbox {
namespace {

using ::testing::HasSubstr;

/// A simulated executor that checks, before each start, that the store knows the trial and its leg.
class SuspiciousExecutor final : public Executor {
 public:
  SuspiciousExecutor(Executor& executor, Store& store, std::string study)
      : executor_(executor), store_(store), study_(std::move(study)) {}
  int slots() const override { return executor_.slots(); }
  Result<std::optional<message::Described>> describe() override { return executor_.describe(); }
  Result<void> start(const Launch& launch) override {
    bool created = false, started = false;
    const auto events = *store_.read(study_);
    for (const Event& event : events) {
      if (const auto* it = std::get_if<event::TrialCreated>(&event.what))
        created = created || it->trial == launch.trial;
      if (const auto* it = std::get_if<event::TrialStarted>(&event.what))
        started = started || (it->trial == launch.trial && it->from == launch.from && it->until == launch.until);
    }
    EXPECT_TRUE(created && started) << "trial " << launch.trial << " was started before it was durable";
    return executor_.start(launch);
  }
  void pause(std::int64_t trial) override { executor_.pause(trial); }
  void stop(std::int64_t trial) override { executor_.stop(trial); }
  void release(std::int64_t trial) override { executor_.release(trial); }
  Result<std::vector<Signal>> poll(std::chrono::milliseconds wait) override { return executor_.poll(wait); }
  const Clock& clock() const override { return executor_.clock(); }

 private:
  Executor& executor_;
  Store& store_;
  std::string study_;
};

/// Has no slot for a while after a worker was lost, as when a process is started again.
class RestartingExecutor final : public Executor {
 public:
  explicit RestartingExecutor(Executor& executor) : executor_(executor) {}
  int slots() const override { return polls_without_slots_ > 0 ? 0 : executor_.slots(); }
  Result<std::optional<message::Described>> describe() override { return executor_.describe(); }
  Result<void> start(const Launch& launch) override { return executor_.start(launch); }
  void pause(std::int64_t trial) override { executor_.pause(trial); }
  void stop(std::int64_t trial) override { executor_.stop(trial); }
  void release(std::int64_t trial) override { executor_.release(trial); }
  Result<std::vector<Signal>> poll(std::chrono::milliseconds wait) override {
    polls_without_slots_ = std::max(0, polls_without_slots_ - 1);
    auto signals = executor_.poll(wait);
    for (const Signal& signal : *signals)
      if (signal.kind == SignalKind::WorkerLost) polls_without_slots_ = 3;
    return signals;
  }
  const Clock& clock() const override { return executor_.clock(); }

 private:
  Executor& executor_;
  int polls_without_slots_ = 0;
};

SimulatedTrial course_of(const Launch& launch) {
  const double x = as_number(*launch.config.find("x"));
  SimulatedTrial trial;
  trial.length = 27;
  trial.seconds_per_step = 1 + x / 7;
  trial.curve = [x](std::int64_t step) -> Metrics {
    return {{"loss", std::abs(x - 3) + 1 / static_cast<double>(step)}, {"tokens", 100.0 * static_cast<double>(step)}};
  };
  return trial;
}

/// One sitting: opens the study or creates it, and runs it with fresh parts.
Result<RunResult> sit(Store& store, const StudySpec& spec, Simulation simulation = course_of, TunerOptions options = {},
                      int workers = 4) {
  auto study = Study::open(store, spec.name);
  if (!study) study = Study::create(store, spec);
  if (!study) return tl::make_unexpected(study.error());
  PEGBOX_TRY(const auto sampler, make_sampler(spec));
  PEGBOX_TRY(const auto scheduler, make_scheduler(spec));
  Director director(*sampler, *scheduler);
  SimulatedExecutor simulated(std::move(simulation), workers, (*study)->state().now_s());
  Tuner tuner(**study, director, simulated, std::move(options));
  return tuner.run();
}

/// The log as text, without the notes that every sitting adds.
std::vector<std::string> log_of(Store& store) {
  std::vector<std::string> lines;
  const auto events = *store.read("s");
  for (const Event& event : events) {
    const auto* note = std::get_if<event::Note>(&event.what);
    if (note != nullptr && !note->trial) continue;
    lines.push_back(std::to_string(event.study_time_s) + " " + std::string(kind_of(event.what)) + " " +
                    encode_payload(event.what));
  }
  return lines;
}

StudyState state_of(Store& store) { return (*Study::open(store, "s"))->state(); }

TEST(Tuner, SpendsABudgetOfTrialsAndKeepsTheBestPausedOnes) {
  const auto store = memory_store();
  const auto result = sit(*store, small_study());
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->outcome, Outcome::Finished);
  EXPECT_EQ(result->reason, "20 trials");
  const StudyState state = state_of(*store);
  const History history = state.history();
  EXPECT_EQ(history.trials.size(), 20u);
  EXPECT_EQ(history.in_state(TrialState::Paused).size(), TunerOptions{}.keep_paused);
  EXPECT_EQ(history.in_state(TrialState::Done).size() + history.in_state(TrialState::Stopped).size(), 10u);
  EXPECT_GE(history.in_state(TrialState::Done).size(), 1u);
  for (const std::int64_t number : history.in_state(TrialState::Paused))
    EXPECT_TRUE(state.trial(number).checkpoint) << number;
}

TEST(Tuner, ResumesPausedTrialsUnderALargerBudget) {
  const auto store = memory_store();
  ASSERT_TRUE(sit(*store, small_study()));
  const auto paused = state_of(*store).history().in_state(TrialState::Paused);
  {
    const auto study = *Study::open(*store, "s");
    ASSERT_TRUE(study->append(study->state().now_s(), "user",
                              event::StudyChanged{small_study({{"budget", {{"trials", 60}}}}).source}));
    ASSERT_TRUE(study->commit());
  }
  std::set<std::int64_t> resumed;
  ASSERT_TRUE(sit(*store, small_study(), [&](const Launch& launch) {
    if (launch.from > 0 && launch.trial < 20) resumed.insert(launch.trial);
    return course_of(launch);
  }));
  EXPECT_FALSE(resumed.empty()) << "more trials at a rung make more places";
  for (const std::int64_t number : resumed) EXPECT_TRUE(paused.contains(number)) << number;
}

TEST(Tuner, RefusesARuleThatNeedsALengthWhereNoneIsKnown) {
  const auto store = memory_store();
  const auto result = sit(*store, small_study({{"steps", nullptr}, {"stop", "asha"}}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::InvalidInput);
  EXPECT_THAT(result.error().message, HasSubstr("length of a full trial"));
  EXPECT_THAT(result.error().message, HasSubstr("stop: none"));
}

TEST(Tuner, TakesTheSameDecisionsAfterAKillAtAnyCommit) {
  const auto whole = memory_store();
  FailingStore counting(*whole);
  ASSERT_TRUE(sit(counting, small_study()));
  const auto expected = log_of(*whole);
  ASSERT_GT(counting.commits, 30);
  for (int kill = 2; kill <= counting.commits; ++kill) {
    const auto store = memory_store();
    FailingStore failing(*store);
    failing.fails_at = kill;
    EXPECT_FALSE(sit(failing, small_study()));
    ASSERT_TRUE(sit(*store, small_study()));
    ASSERT_EQ(log_of(*store), expected) << "killed at commit " << kill;
  }
}

TEST(Tuner, TakesTheSameDecisionsWithClonesAfterAKillAtAnyCommit) {
  const StudySpec spec =
      small_study({{"search", {{"name", "pbt"}, {"population", 5}, {"interval", 3}}}, {"stop", "auto"}});
  const auto whole = memory_store();
  FailingStore counting(*whole);
  ASSERT_TRUE(sit(counting, spec));
  const auto expected = log_of(*whole);
  EXPECT_TRUE(
      std::ranges::any_of(expected, [](const auto& line) { return line.find("clone_of") != std::string::npos; }));
  for (int kill = 2; kill <= counting.commits; ++kill) {
    const auto store = memory_store();
    FailingStore failing(*store);
    failing.fails_at = kill;
    EXPECT_FALSE(sit(failing, spec));
    ASSERT_TRUE(sit(*store, spec));
    ASSERT_EQ(log_of(*store), expected) << "killed at commit " << kill;
  }
}

TEST(Tuner, GoesOnAfterManyKillsInARow) {
  const auto whole = memory_store();
  ASSERT_TRUE(sit(*whole, small_study()));
  const auto store = memory_store();
  int sittings = 0;
  for (bool finished = false; !finished; ++sittings) {
    ASSERT_LT(sittings, 500);
    FailingStore failing(*store);
    failing.fails_at = 4;
    finished = sit(failing, small_study()).has_value();
  }
  EXPECT_GT(sittings, 5);
  EXPECT_EQ(log_of(*store), log_of(*whole));
}

TEST(Tuner, NeedsOneCommitForTheEndOfATrialAndTheStartOfTheNext) {
  const auto store = memory_store();
  FailingStore counting(*store);
  ASSERT_TRUE(sit(
      counting, small_study({{"budget", {{"trials", 200}}}, {"stop", "none"}}),
      [](const Launch& launch) {
        SimulatedTrial trial = course_of(launch);
        trial.length = 1;
        return trial;
      },
      {}, 1));
  EXPECT_LE(counting.commits, 205);
}

TEST(Tuner, StartsNothingThatIsNotDurable) {
  const auto store = memory_store();
  const StudySpec spec = small_study();
  auto study = Study::create(*store, spec);
  const auto sampler = make_sampler(spec);
  const auto scheduler = make_scheduler(spec);
  Director director(**sampler, **scheduler);
  SimulatedExecutor simulated(course_of, 4);
  SuspiciousExecutor executor(simulated, *store, "s");
  EXPECT_TRUE(Tuner(**study, director, executor, {}).run());
}

TEST(Tuner, RunsConfigurationsToTryFirstBeforeTheSamplers) {
  const auto store = memory_store();
  ASSERT_TRUE(sit(*store, small_study({{"try_first", {{{"x", 3.0}}, {{"x", 9.0}}}}})));
  const StudyState state = state_of(*store);
  EXPECT_EQ(as_number(*state.trial(0).config.find("x")), 3.0);
  EXPECT_EQ(as_number(*state.trial(1).config.find("x")), 9.0);
  EXPECT_EQ(state.trial(2).reason.value("by", ""), "random");
}

TEST(Tuner, RefusesAnInfeasibleConfigurationWithoutRunningOrCountingIt) {
  const auto store = memory_store();
  ASSERT_TRUE(sit(*store, small_study({{"try_first", {{{"x", 9.0}}}}, {"constraints", {"x <= 8"}}})));
  const StudyState state = state_of(*store);
  const History history = state.history();
  EXPECT_EQ(state.trial(0).state, TrialState::Infeasible);
  EXPECT_THAT(state.trial(0).detail, HasSubstr("x <= 8"));
  EXPECT_EQ(history.trials.size(), 21u);
}

TEST(Tuner, ReturnsATrialWhoseWorkerDiedToTheQueueABoundedNumberOfTimes) {
  const auto store = memory_store();
  const auto result =
      sit(*store, small_study({{"workers", {{"retries", 2}}}, {"stop", "none"}}), [](const Launch& launch) {
        SimulatedTrial trial = course_of(launch);
        trial.failure = FailureKind::WorkerLost;
        trial.fails_at = launch.trial == 4 || (launch.trial == 5 && launch.attempt <= 2) ? 10 : 0;
        return trial;
      });
  ASSERT_TRUE(result) << result.error().message;
  const StudyState state = state_of(*store);
  EXPECT_EQ(state.trial(4).state, TrialState::Failed);
  EXPECT_EQ(state.trial(4).failure, FailureKind::WorkerLost);
  EXPECT_EQ(state.trial(4).lost_workers, 3);
  EXPECT_EQ(state.trial(5).state, TrialState::Done);
  EXPECT_EQ(state.trial(5).lost_workers, 2);
  EXPECT_EQ(state.trial(6).state, TrialState::Done);
}

TEST(Tuner, WaitsForALostWorkerToComeBackBeforeItEndsTheStudy) {
  const auto store = memory_store();
  const StudySpec spec = small_study({{"budget", {{"trials", 1}}}, {"stop", "none"}});
  auto study = Study::create(*store, spec);
  const auto sampler = make_sampler(spec);
  const auto scheduler = make_scheduler(spec);
  Director director(**sampler, **scheduler);
  SimulatedExecutor simulated(
      [](const Launch& launch) {
        SimulatedTrial trial = course_of(launch);
        trial.failure = FailureKind::WorkerLost;
        trial.fails_at = launch.attempt == 1 ? 10 : 0;
        return trial;
      },
      1);
  RestartingExecutor executor(simulated);
  const auto result = Tuner(**study, director, executor, {}).run();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ((*study)->state().trial(0).state, TrialState::Done);
}

TEST(Tuner, FailsATrialThatEndsWithoutTheObjectiveAndSaysWhatItReported) {
  const auto store = memory_store();
  const auto result = sit(*store, small_study({{"stop", "none"}}), [](const Launch& launch) {
    SimulatedTrial trial = course_of(launch);
    if (launch.trial == 2) trial.curve = [](std::int64_t) -> Metrics { return {{"accuracy", 1}}; };
    if (launch.trial == 3) trial.curve = [](std::int64_t) -> Metrics { return {{"loss", NAN}}; };
    return trial;
  });
  ASSERT_TRUE(result) << result.error().message;
  const StudyState state = state_of(*store);
  EXPECT_EQ(state.trial(2).failure, FailureKind::Error);
  EXPECT_THAT(state.trial(2).detail, HasSubstr("accuracy"));
  EXPECT_EQ(state.trial(3).failure, FailureKind::Diverged);
}

TEST(Tuner, GivesUpWhenEveryTrialFailsWithoutAMeasurement) {
  const auto store = memory_store();
  const auto result = sit(*store, small_study(), [](const Launch& launch) {
    SimulatedTrial trial = course_of(launch);
    trial.fails_at = 1;
    return trial;
  });
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("gave no value of 'loss'"));
  EXPECT_LE(state_of(*store).history().trials.size(), 9u);
}

TEST(Tuner, GivesUpWhenAGateAsksAboutWhatNoTrialReports) {
  const auto store = memory_store();
  const auto with_toxicity = [](const Launch& launch) {
    SimulatedTrial trial = course_of(launch);
    trial.curve = [curve = trial.curve](std::int64_t step) {
      Metrics metrics = curve(step);
      metrics["toxicity"] = 0.25;
      return metrics;
    };
    return trial;
  };
  const auto result = sit(*store, small_study({{"gates", {"toxicty <= 0.5"}}, {"stop", "none"}}), with_toxicity);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("a gate asks about 'toxicty', which no trial has reported"));
  EXPECT_THAT(result.error().message, HasSubstr("did you mean 'toxicity'?"));
  EXPECT_LE(state_of(*store).history().trials.size(), 9u);

  const auto refused = memory_store();
  const auto ended = sit(*refused, small_study({{"gates", {"toxicity <= 0.1"}}, {"stop", "none"}}), with_toxicity);
  ASSERT_TRUE(ended) << "all are refused, which is a result: " << ended.error().message;
  EXPECT_FALSE(best_trial(state_of(*refused).history()));
}

TEST(Tuner, GivesUpWhenNoConfigurationCanRunHere) {
  const auto store = memory_store();
  const auto result = sit(*store, small_study(), [](const Launch& launch) {
    SimulatedTrial trial = course_of(launch);
    trial.fails_at = 1;
    trial.failure = FailureKind::Infeasible;
    return trial;
  });
  ASSERT_FALSE(result) << "infeasible trials cost nothing, so no budget would ever end this";
  EXPECT_LE(state_of(*store).history().trials.size(), 9u);
}

TEST(Tuner, GivesUpWhenNoTrialMeasuresTheObjective) {
  const auto store = memory_store();
  const auto result = sit(*store, small_study(), [](const Launch& launch) {
    SimulatedTrial trial = course_of(launch);
    trial.curve = [](std::int64_t) -> Metrics { return {{"accuracy", 1}}; };
    return trial;
  });
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("gave no value of 'loss'"));
  EXPECT_LE(state_of(*store).history().trials.size(), 9u);
}

TEST(Tuner, TriesOnceWhatAChangedStudyFileAsksFor) {
  const auto store = memory_store();
  const Json few = {{"budget", {{"trials", 6}}}};
  ASSERT_TRUE(sit(*store, small_study(few)));
  const StudySpec wish = small_study({{"budget", {{"trials", 12}}}, {"try_first", Json::array({{{"x", 3.25}}})}});
  {
    const auto study = *Study::open(*store, "s");
    ASSERT_TRUE(study->append(study->state().now_s(), "user", event::StudyChanged{wish.source}));
    ASSERT_TRUE(study->commit());
  }
  ASSERT_TRUE(sit(*store, wish));
  const StudyState state = state_of(*store);
  EXPECT_EQ(state.history().trials.size(), 12u);
  EXPECT_EQ(std::ranges::count_if(state.history().trials,
                                  [](const Trial& trial) { return as_number(*trial.config.find("x")) == 3.25; }),
            1);
}

TEST(Tuner, CompletesWhatIsTriedFirstUntilItIsAllowed) {
  const auto store = memory_store();
  const Json changes = {{"space", {{"x", {{"range", {0, 10}}}}, {"y", {{"range", {0, 10}}}}}},
                        {"constraints", {"y >= x"}},
                        {"try_first", Json::array({{{"x", 9}}, {{"x", 9.5}}, {{"y", 0.5}}})}};
  ASSERT_TRUE(sit(*store, small_study(changes)));
  for (int number = 0; number < 3; ++number)
    EXPECT_NE(state_of(*store).trial(number).state, TrialState::Infeasible) << number;
}

/// Says at a rung of trial 2 that it has measured nothing.
class ForgetfulExecutor final : public SimulatedExecutor {
 public:
  using SimulatedExecutor::SimulatedExecutor;
  Result<std::vector<Signal>> poll(std::chrono::milliseconds wait) override {
    auto signals = SimulatedExecutor::poll(wait);
    for (Signal& signal : *signals)
      if (signal.kind == SignalKind::Reached && signal.trial == 2) signal.metrics.clear();
    return signals;
  }
};

TEST(Tuner, FailsATrialThatReachesItsRungWithoutAMeasurementAndGoesOn) {
  const auto store = memory_store();
  const StudySpec spec = small_study();
  const auto study = *Study::create(*store, spec);
  const auto sampler = *make_sampler(spec);
  const auto scheduler = *make_scheduler(spec);
  Director director(*sampler, *scheduler);
  ForgetfulExecutor executor(course_of, 4);
  const auto result = Tuner(*study, director, executor, {}).run();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(study->state().trial(2).state, TrialState::Failed);
  EXPECT_THAT(study->state().trial(2).detail, HasSubstr("without a measurement"));
  EXPECT_EQ(study->history().trials.size(), 20u);
}

TEST(Tuner, WritesDownWhoRanATrial) {
  const auto store = memory_store();
  ASSERT_TRUE(sit(*store, small_study()));
  EXPECT_EQ(state_of(*store).trial(0).worker, "simulated");
}

TEST(Tuner, StartsNoLegOnceTheTokensAreSpent) {
  const auto store = memory_store();
  const auto result = sit(*store, small_study({{"budget", {{"tokens", 5000}}}}), course_of, {}, 1);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(result->reason, HasSubstr("tokens"));
  const double spent = state_of(*store).history().tokens_spent;
  EXPECT_GE(spent, 5000);
  EXPECT_LE(spent, 5000 + 2700);
}

TEST(Tuner, EndsABudgetOfTimeInTheMiddleOfTrials) {
  const auto store = memory_store();
  const auto result = sit(*store, small_study({{"budget", {{"time", 60}}}, {"stop", "none"}}));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->outcome, Outcome::Finished);
  const StudyState state = state_of(*store);
  EXPECT_GE(state.now_s(), 60);
  EXPECT_LE(state.now_s(), 64);
  const auto resting = state.history().in_state(TrialState::Paused);
  EXPECT_GE(resting.size(), 1u);
  const auto longer = sit(*store, small_study({{"budget", {{"time", 60}}}, {"stop", "none"}}));
  ASSERT_TRUE(longer);
  EXPECT_EQ(state_of(*store).history().in_state(TrialState::Paused), resting) << "nothing moves without more time";
  const auto study = *Study::open(*store, "s");
  const StudySpec more = small_study({{"budget", {{"time", 200}}}, {"stop", "none"}});
  ASSERT_TRUE(study->append(study->state().now_s(), "user", event::StudyChanged{more.source}));
  ASSERT_TRUE(study->commit());
  ASSERT_TRUE(sit(*store, more));
  for (const std::int64_t number : resting) EXPECT_EQ(state_of(*store).trial(number).state, TrialState::Done) << number;
}

TEST(Tuner, PausesWhenAPersonInterruptsAndGoesOnWithTheSameTrials) {
  const auto store = memory_store();
  std::atomic<bool> interrupted = false;
  int started = 0;
  const auto paused = sit(*store, small_study(),
                          [&](const Launch& launch) {
                            if (++started == 7) interrupted = true;
                            return course_of(launch);
                          },
                          {.interrupted = &interrupted});
  ASSERT_TRUE(paused) << paused.error().message;
  EXPECT_EQ(paused->outcome, Outcome::Paused);
  EXPECT_TRUE(state_of(*store).history().in_state(TrialState::Running).empty());
  EXPECT_GE(state_of(*store).history().in_state(TrialState::Waiting).size(), 1u);
  const auto finished = sit(*store, small_study());
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_EQ(finished->outcome, Outcome::Finished);
  EXPECT_EQ(state_of(*store).history().trials.size(), 20u);
}

TEST(Tuner, ObeysCommandsOfOtherProcesses) {
  const auto store = memory_store();
  int asked = 0;
  const auto result = sit(*store, small_study(), course_of, {.commands = [&]() -> Result<std::vector<PostedCommand>> {
    if (++asked == 3) return std::vector<PostedCommand>{{Command::Stop, -1}};
    return std::vector<PostedCommand>{};
  }});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->outcome, Outcome::Stopped);
  EXPECT_LT(state_of(*store).history().trials.size(), 20u);
  EXPECT_EQ(state_of(*store).notes().at(kRunNote)["state"], "stopped");
}

TEST(Tuner, EndsWhenTheSpaceHasNoMoreConfigurations) {
  const auto store = memory_store();
  const auto result =
      sit(*store, small_study({{"search", "grid"}, {"space", {{"x", {{"choice", {1, 2, 3}}}}}}, {"stop", "none"}}));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->reason, "the space has no more configurations");
  EXPECT_EQ(state_of(*store).history().trials.size(), 3u);
}

}  // namespace
}  // namespace pegbox
