// Tests of retraining: legs as they were, and differences where something is planted.
#include "report/retraining.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <set>

#include "search/history.h"

namespace pegbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// An executor that runs each leg at once by a formula, and can be made to differ or fail.
class FormulaExecutor final : public Executor {
 public:
  int slots() const override { return 2; }
  Result<std::optional<message::Described>> describe() override { return std::optional<message::Described>(); }
  Result<void> start(const Launch& launch) override {
    launches.push_back(launch);
    const double x = as_number(*launch.config.find("x"));
    const std::int64_t last = launch.until == 0 ? 10 : launch.until;
    if (fails == launch.trial) {
      signals_.push_back({.kind = SignalKind::Failed, .trial = launch.trial, .detail = "no memory"});
      return {};
    }
    for (std::int64_t step = launch.from + 1; step <= last; ++step) {
      const double loss = x + 1 / static_cast<double>(step) + static_cast<double>(launch.seed) +
                          (launch.trial == differs && step >= 7 ? change : 0);
      signals_.push_back({.kind = step < last         ? SignalKind::Report
                                  : launch.until == 0 ? SignalKind::Done
                                                      : SignalKind::Reached,
                          .trial = launch.trial,
                          .step = step,
                          .metrics = {{"loss", loss}, {"seconds", static_cast<double>(++clock_ticks_)}},
                          .checkpoint = step == last ? "at-" + std::to_string(step) : ""});
    }
    return {};
  }
  void pause(std::int64_t) override {}
  void stop(std::int64_t trial) override { stopped.insert(trial); }
  void release(std::int64_t trial) override { released.insert(trial); }
  Result<std::vector<Signal>> poll(std::chrono::milliseconds) override {
    std::vector<Signal> all(signals_.begin(), signals_.end());
    signals_.clear();
    return all;
  }
  const Clock& clock() const override { return clock_; }

  std::vector<Launch> launches;
  std::set<std::int64_t> stopped, released;
  std::int64_t differs = -1, fails = -1;
  double change = 0;

 private:
  std::deque<Signal> signals_;
  SystemClock clock_;
  int clock_ticks_ = 0;
};

/// The log of a study of three trials: one of three legs, a host's death in the second; one that was stopped at its
/// first rung; and a clone.
std::vector<Event> log_of_three() {
  std::vector<Event> events;
  const auto tell = [&](Event::What what) { events.push_back({events.size(), 0, "tuner", std::move(what)}); };
  tell(event::StudyCreated{Json{{"name", "s"},
                                {"space", {{"x", {{"range", {0, 9}}}}}},
                                {"objective", {{"minimize", "loss"}}},
                                {"budget", {{"trials", 9}}}},
                           "1"});
  const auto create = [&](std::int64_t trial, double x) {
    event::TrialCreated created;
    created.trial = trial;
    created.config = {{"x", x}};
    created.seed = static_cast<std::uint64_t>(trial + 1);
    if (trial == 2) created.clone_of = CheckpointRef{0, 3, "at-3"};
    tell(created);
  };
  const auto leg = [&](std::int64_t trial, double x, std::int64_t from, std::int64_t until, std::int64_t last) {
    tell(event::TrialStarted{trial, {}, from, until, 0});
    for (std::int64_t step = from + 1; step <= last; ++step)
      tell(event::TrialReported{
          trial,
          step,
          {{"loss", x + 1 / static_cast<double>(step) + static_cast<double>(trial + 1)}, {"seconds", 0.5}}});
  };
  const auto move = [&](std::int64_t trial, TrialState to, std::int64_t step) {
    event::TrialMoved moved;
    moved.trial = trial;
    moved.to = to;
    moved.step = step;
    tell(moved);
  };
  create(0, 1);
  leg(0, 1, 0, 3, 3);
  leg(0, 1, 3, 6, 4);
  leg(0, 1, 3, 6, 6);  // the host had died
  leg(0, 1, 6, 0, 10);
  move(0, TrialState::Done, 10);
  create(1, 2);
  leg(1, 2, 0, 3, 3);
  move(1, TrialState::Stopped, 3);
  create(2, 3);
  return events;
}

std::vector<RetrainedTrial> run(FormulaExecutor& executor, const std::vector<RecordedTrial>& recorded) {
  const std::atomic<bool> never = false;
  std::vector<std::size_t> ended;
  const auto found = retrain(recorded, executor, never, [&](std::size_t place) { ended.push_back(place); });
  EXPECT_TRUE(found) << found.error().message;
  EXPECT_EQ(ended.size(), recorded.size());
  return *found;
}

TEST(Retraining, RunsTheLegsOfTheLogAndFindsTheSameBits) {
  const auto recorded = recorded_trials(log_of_three(), std::vector<std::int64_t>{0, 1});
  ASSERT_TRUE(recorded) << recorded.error().message;
  EXPECT_THAT((*recorded)[0].rungs, ElementsAre(3, 6, 0));
  EXPECT_THAT((*recorded)[1].rungs, ElementsAre(3));
  FormulaExecutor executor;
  const auto retrained = run(executor, *recorded);
  ASSERT_EQ(executor.launches.size(), 4u);
  std::vector<std::int64_t> untils;
  for (const Launch& launch : executor.launches)
    if (launch.trial == 0) {
      EXPECT_EQ(launch.seed, 1u);
      untils.push_back(launch.until);
      EXPECT_EQ(launch.resume.has_value(), launch.from > 0);
      EXPECT_EQ(launch.resume ? launch.resume->name : "", launch.from > 0 ? "at-" + std::to_string(launch.from) : "");
    }
  EXPECT_THAT(untils, ElementsAre(3, 6, 0));
  EXPECT_EQ(executor.released.size(), 2u) << "a trial that waits at its last rung is forgotten, too";
  const std::vector<std::string> loss = {"loss"};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto compared = compare_retrained((*recorded)[i], retrained[i], loss, 0);
    ASSERT_EQ(compared.size(), 1u);
    EXPECT_EQ(compared[0].difference, 0);
    EXPECT_EQ(compared[0].differs_at, -1);
    EXPECT_EQ(compared[0].recorded, compared[0].retrained);
  }
  EXPECT_EQ(compare_retrained((*recorded)[0], retrained[0], std::vector<std::string>{"seconds"}, 0)[0].differs_at, 1);
  EXPECT_TRUE(compare_retrained((*recorded)[0], retrained[0], std::vector<std::string>{"speed"}, 0).empty());
}

TEST(Retraining, FindsWhatDiffersFromWhichStepOnAndBeyondTheToleranceOnly) {
  const auto recorded = recorded_trials(log_of_three(), std::vector<std::int64_t>{0});
  ASSERT_TRUE(recorded);
  FormulaExecutor executor;
  executor.differs = 0;
  executor.change = 1e-6;
  const auto retrained = run(executor, *recorded);
  const std::vector<std::string> loss = {"loss"};
  const auto exact = compare_retrained((*recorded)[0], retrained[0], loss, 0);
  EXPECT_EQ(exact[0].differs_at, 7);
  EXPECT_EQ(exact[0].step, 10);
  EXPECT_NEAR(exact[0].difference, 1e-6 / 2.1, 1e-8);
  EXPECT_EQ(compare_retrained((*recorded)[0], retrained[0], loss, 1e-6)[0].differs_at, -1);
}

TEST(Retraining, SaysWhatDidNotComeAsFar) {
  const auto recorded = recorded_trials(log_of_three(), std::vector<std::int64_t>{0, 1});
  ASSERT_TRUE(recorded);
  FormulaExecutor executor;
  executor.fails = 1;
  const auto retrained = run(executor, *recorded);
  EXPECT_EQ(retrained[0].fault, "");
  EXPECT_EQ(retrained[1].fault, "no memory");
  const auto compared = compare_retrained((*recorded)[1], retrained[1], std::vector<std::string>{"loss"}, 1e-3);
  EXPECT_EQ(compared[0].differs_at, 1);
  EXPECT_TRUE(std::isnan(compared[0].retrained));
}

TEST(Retraining, RefusesTrialsThatCannotBeRunByThemselves) {
  const auto refusal = [](std::int64_t trial) {
    return recorded_trials(log_of_three(), std::span(&trial, 1)).error().message;
  };
  EXPECT_THAT(refusal(2),
              HasSubstr("[trial 2] it cannot be trained again by itself; got it began at a snapshot of trial 0"));
  EXPECT_THAT(refusal(3), HasSubstr("no such trial; got 3; expected 0 to 2"));
  auto events = log_of_three();
  events.pop_back();
  event::TrialCreated created;
  created.trial = 2;
  created.config = {{"x", 1.0}};
  events.push_back({events.size(), 0, "tuner", created});
  const std::int64_t trial = 2;
  EXPECT_THAT(recorded_trials(events, std::span(&trial, 1)).error().message,
              HasSubstr("it is waiting and came to no rung"));
}

TEST(Retraining, StopsWhatRunsWhenItIsInterrupted) {
  const auto recorded = recorded_trials(log_of_three(), std::vector<std::int64_t>{0});
  FormulaExecutor executor;
  const std::atomic<bool> at_once = true;
  const auto found = retrain(*recorded, executor, at_once, [](std::size_t) {});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::Interrupted);
}

}  // namespace
}  // namespace pegbox
