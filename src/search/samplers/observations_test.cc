// What a history tells about the loss, with trials of different lengths made comparable.
#include "search/samplers/observations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "search/history_for_test.h"

namespace pegbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kStudy = R"({"space": {"x": {"range": [0, 1]}}, "steps": 9})";

struct ObservationsTest : testing::Test {
  explicit ObservationsTest(const char* file = kStudy) : study(file) {}

  /// A trial with these losses at steps 1, 3, 9, left in a state.
  std::int64_t run(std::initializer_list<double> losses, TrialState state) {
    const std::int64_t trial = study.create(Config{{"x", 0.5}});
    study.start(trial);
    std::int64_t step = 1;
    for (const double loss : losses) study.report(trial, step, loss), step *= 3;
    if (state != TrialState::Running) study.move(trial, state);
    return trial;
  }
  Observations observed() const { return observe(study.history(), study.history().trials); }
  double loss_of(std::int64_t trial) const {
    for (const Measured& each : observed().measured)
      if (each.trial == trial) return each.losses.front();
    return std::nan("");
  }

  HistoryForTest study;
};

TEST_F(ObservationsTest, TakeTheLossOfFinishedTrialsAsItIs) {
  run({5, 4, 3}, TrialState::Done);
  run({2}, TrialState::Done);  // ended by itself
  EXPECT_EQ(loss_of(0), 3);
  EXPECT_EQ(loss_of(1), 2);
}

TEST_F(ObservationsTest, CarryStoppedTrialsToTheEndByWhatBecameOfThoseThatWentOn) {
  run({5, 4, 3}, TrialState::Done);
  run({6, 5, 5}, TrialState::Done);
  run({4, 3, 1}, TrialState::Done);
  run({9, 8}, TrialState::Stopped);
  run({7}, TrialState::Paused);
  // From 3 to the end the slopes are 2, 2, 2; as if one trial more had 1, (2 * 2 + 1) / 3.
  const double third = 3 + 5.0 / 3 * (8 - 4);
  EXPECT_NEAR(loss_of(3), third, 1e-12);
  // From 1 to the end, with that one at 29/3: slopes 2 (thrice), 5/3, 14/9, 26/15; their median lies between 26/15
  // and 2.
  const double slope = (3 * (2 + (third - 1) / 5) / 2 + 1) / 4;
  EXPECT_NEAR(loss_of(4), 4 + slope * (7 - 5.5), 1e-12);
}

TEST_F(ObservationsTest, KeepThoseThatWentOnAheadWhereLossesDrawApart) {
  run({1.00, 0.6, 0.1}, TrialState::Done);
  run({1.02, 0.8, 0.5}, TrialState::Done);
  run({1.04, 0.98, 0.94}, TrialState::Done);
  run({1.01, 0.7, 0.3}, TrialState::Done);
  run({1.03, 0.9, 0.7}, TrialState::Done);
  for (const double first : {1.05, 1.06, 1.07}) run({first}, TrialState::Paused);
  for (const std::int64_t left_behind : {5, 6, 7}) EXPECT_GT(loss_of(left_behind), 0.94) << left_behind;
}

TEST_F(ObservationsTest, TakeDifferencesWithinTrialsSinceTheOnesThatGoOnAreBetter) {
  for (const double offset : {0.0, 0.1, 0.2}) run({5 + offset, 4 + offset, 3 + offset}, TrialState::Done);
  for (const double offset : {10.0, 20.0, 30.0}) run({5 + offset}, TrialState::Stopped);
  EXPECT_NEAR(loss_of(3), 13, 1e-9) << "the difference of medians would say 3.1 + something near 0";
  EXPECT_NEAR(loss_of(5), 33, 1e-9);
}

TEST_F(ObservationsTest, CarryToTheHighestStepThatAnyTrialHasReached) {
  run({5, 4}, TrialState::Paused);
  run({8}, TrialState::Paused);
  EXPECT_EQ(loss_of(0), 4);
  EXPECT_EQ(loss_of(1), 7);
}

TEST_F(ObservationsTest, FallBackToMediansWhereNoTrialHasBoth) {
  const std::int64_t silent = study.create(Config{{"x", 0.5}});
  study.start(silent);
  study.report(silent, 9, 2.0);
  study.move(silent, TrialState::Done);
  run({6}, TrialState::Stopped);
  run({8}, TrialState::Stopped);
  EXPECT_DOUBLE_EQ(loss_of(1), 6 + 2 - 7);
}

TEST_F(ObservationsTest, CountARunningTrialOnceItHasPassedALevel) {
  run({5, 4, 3}, TrialState::Done);
  run({}, TrialState::Running);
  run({6}, TrialState::Running);
  EXPECT_THAT(observed().pending, ElementsAre(1, 2)) << "nobody has ended at step 1, so 6 compares with nothing";
  run({7}, TrialState::Paused);
  EXPECT_THAT(observed().pending, ElementsAre(1));
  EXPECT_EQ(loss_of(2), 6 - 2);
}

TEST_F(ObservationsTest, TellDivergedFromFailedFromUnknown) {
  run({5, 4, 3}, TrialState::Done);
  study.failed({Config{{"x", 0.1}}, {}}, FailureKind::Diverged);         // 1
  study.failed({Config{{"x", 0.2}}, {}}, FailureKind::OutOfMemory);      // 2
  study.move(study.create(Config{{"x", 0.3}}), TrialState::Infeasible);  // 3
  run({std::nan("")}, TrialState::Stopped);                              // 4
  run({}, TrialState::Stopped);                                          // 5
  study.done(Suggestion{Config{{"x", 0.4}}, {}}, {{"other", 1}});        // 6
  study.create(Config{{"x", 0.5}});                                      // 7
  EXPECT_EQ(loss_of(1), HUGE_VAL);
  EXPECT_EQ(loss_of(4), HUGE_VAL);
  EXPECT_THAT(observed().failed, ElementsAre(2, 3, 6));
  EXPECT_THAT(observed().pending, ElementsAre(7));
  EXPECT_EQ(observed().measured.size(), 3u);
  EXPECT_TRUE(observed().has_finite());
}

TEST_F(ObservationsTest, LookAtTheFirstTrialsOnlyIfToldSo) {
  run({5}, TrialState::Paused);
  run({5, 4, 3}, TrialState::Done);
  const auto first = observe(study.history(), study.history().trials.first(1));
  ASSERT_EQ(first.measured.size(), 1u);
  EXPECT_EQ(first.measured[0].losses.front(), 5) << "what the second trial made of it is not known";
}

TEST_F(ObservationsTest, LeaveOutConfigurationsThatTheSpaceDoesNotHold) {
  study.done(Config{{"x", 7.0}}, 1);
  study.failed({Config{{"y", 0.5}}, {}});
  EXPECT_THAT(observed().measured, IsEmpty());
  EXPECT_THAT(observed().failed, IsEmpty());
}

TEST_F(ObservationsTest, BearAHundredTrialsThatEndedAnywhere) {
  for (int i = 0; i < 100; ++i) {
    const std::int64_t trial = study.create(Config{{"x", 0.5}});
    study.start(trial);
    for (int step = 1; step <= 2 * i + 5; step += 2) study.report(trial, step, 10.0 + i - 0.01 * step);
    study.move(trial, TrialState::Stopped);
  }
  const Observations all = observed();
  ASSERT_EQ(all.measured.size(), 100u);
  for (std::size_t i = 1; i < 100; ++i)
    EXPECT_NEAR(all.measured[i].losses[0] - all.measured[i - 1].losses[0], 1, 0.3) << "parallel curves stay parallel";
}

void expect_equal(const Observations& a, const Observations& b) {
  ASSERT_EQ(a.measured.size(), b.measured.size());
  for (std::size_t i = 0; i < a.measured.size(); ++i) {
    EXPECT_EQ(a.measured[i].trial, b.measured[i].trial);
    EXPECT_EQ(a.measured[i].losses, b.measured[i].losses) << "trial " << a.measured[i].trial;
    EXPECT_EQ(a.measured[i].allowed, b.measured[i].allowed);
  }
  EXPECT_EQ(a.failed, b.failed);
  EXPECT_EQ(a.pending, b.pending);
}

TEST_F(ObservationsTest, AreTheSameKeptUpToDateAsReadAnewThroughAnyCourseOfTrials) {
  ObservationCache kept;
  Rng rng({8, 0, 0});
  std::vector<std::int64_t> running, paused;
  const auto take = [&](std::vector<std::int64_t>& from) {
    const auto at = static_cast<std::ptrdiff_t>(rng.below(from.size()));
    const std::int64_t trial = from[static_cast<std::size_t>(at)];
    from.erase(from.begin() + at);
    return trial;
  };
  for (int step = 0; step < 600; ++step) {
    const std::uint64_t what = rng.below(8);
    if (what < 2) {
      running.push_back(study.create(Config{{"x", rng.uniform() * 1.1}}));  // some are not of the space
      study.start(running.back());
    } else if (what == 2 && !paused.empty()) {
      running.push_back(take(paused));
      study.move(running.back(), TrialState::Waiting);
      study.start(running.back());
    } else if (!running.empty()) {
      const std::int64_t trial = take(running);
      const std::int64_t at = study.history().trials[static_cast<std::size_t>(trial)].step;
      if (what < 7)
        study.report(trial, at + 1 + static_cast<std::int64_t>(rng.below(2)), what == 6 ? HUGE_VAL : rng.uniform());
      const std::uint64_t end = rng.below(6);
      if (end == 0) study.move(trial, TrialState::Failed, FailureKind::Diverged);
      if (end == 1) study.move(trial, TrialState::Stopped);
      if (end == 2) study.move(trial, TrialState::Done);
      if (end == 3) study.move(trial, TrialState::Paused), paused.push_back(trial);
      if (end == 4) running.push_back(trial);
      if (end == 5) study.move(trial, TrialState::Failed, FailureKind::OutOfMemory);
    }
    if (step % 3 == 0) expect_equal(kept.update(study.history(), study.history().trials), observed());
    if (HasFatalFailure() || HasNonfatalFailure()) FAIL() << "step " << step;
  }
  EXPECT_EQ(kept.restarts(), 1u);
}

TEST_F(ObservationsTest, AreReadAnewForAHistoryThatIsNoContinuationAndAStudyThatHasChanged) {
  for (int i = 0; i < 5; ++i) study.done(Config{{"x", 0.2 * i}}, i);
  const HistoryForTest earlier = study;
  study.done(Config{{"x", 0.95}}, 7);
  ObservationCache kept;
  expect_equal(kept.update(study.history(), study.history().trials), observed());
  expect_equal(kept.update(earlier.history(), earlier.history().trials),
               observe(earlier.history(), earlier.history().trials));
  kept.update(study.history(), study.history().trials);
  Json changed = study.spec().source;
  changed["space"] = {{"x", {{"range", {0, 0.5}}}}};
  study.apply(event::StudyChanged{changed});
  expect_equal(kept.update(study.history(), study.history().trials), observed());
  EXPECT_EQ(observed().measured.size(), 3u);
}

struct MaximizedObservationsTest : ObservationsTest {
  MaximizedObservationsTest()
      : ObservationsTest(R"({"space": {"x": {"range": [0, 1]}}, "constraints": ["memory <= 5"],
                             "objective": [{"maximize": "accuracy"}, {"minimize": "loss"}]})") {}
};

TEST_F(MaximizedObservationsTest, TurnObjectivesRoundAndMarkViolatedConstraintsOnMetrics) {
  const auto done = [&](const Metrics& metrics) { study.done(Suggestion{Config{{"x", 0.5}}, {}}, metrics); };
  done({{"accuracy", 0.9}, {"loss", 2}, {"memory", 4}});
  done({{"accuracy", 0.95}, {"loss", 1}, {"memory", 6}});
  done({{"accuracy", 0.95}, {"memory", 4}});
  const Observations all = observed();
  ASSERT_EQ(all.measured.size(), 2u);
  EXPECT_THAT(all.measured[0].losses, ElementsAre(-0.9, 2));
  EXPECT_TRUE(all.measured[0].allowed);
  EXPECT_FALSE(all.measured[1].allowed);
  EXPECT_THAT(all.failed, ElementsAre(2)) << "one of its objectives is missing";
}

}  // namespace
}  // namespace pegbox
