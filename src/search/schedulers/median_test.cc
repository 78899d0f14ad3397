// The median rule.
#include "search/schedulers/median.h"

#include <gtest/gtest.h>

#include <cmath>

#include "search/history_for_test.h"

namespace pegbox {
namespace {

struct MedianTest : testing::Test {
  explicit MedianTest(const std::string& options = "") : study(study_file(options)) {
    scheduler = std::move(*make_scheduler(study.spec()));
  }
  static std::string study_file(const std::string& options) {
    return R"({"space": {"x": {"range": [0, 1]}}, "steps": 100, "stop": {"name": "median")" + options + "}}";
  }
  /// A trial that has reported these losses at steps 5, 10, ...
  const Trial& run(std::initializer_list<double> losses) {
    const std::int64_t trial = study.create(Config{{"x", 0.5}});
    study.start(trial, 5);
    std::int64_t step = 0;
    for (const double loss : losses) study.report(trial, step += 5, loss);
    return study.history().trials[static_cast<std::size_t>(trial)];
  }
  Verdict judge(std::initializer_list<double> losses) {
    const Trial& trial = run(losses);
    return scheduler->on_reached(study.history(), trial).verdict;
  }

  HistoryForTest study;
  std::unique_ptr<Scheduler> scheduler;
};

TEST_F(MedianTest, StopsATrialWorseThanTheMedianOfTheOthersAtTheSameStep) {
  for (const double loss : {1.0, 2.0, 3.0, 4.0}) run({9, loss});
  EXPECT_EQ(judge({9, 2.6}), Verdict::Stop);
  EXPECT_EQ(judge({9, 2.4}), Verdict::Continue);
}

TEST_F(MedianTest, ComparesTheBestLossSoFar) {
  for (int i = 0; i < 5; ++i) run({9, 3});
  EXPECT_EQ(judge({2, 8}), Verdict::Continue);
  EXPECT_EQ(judge({4, 8}), Verdict::Stop);
}

TEST_F(MedianTest, LooksOnlyAtLossesOfTheSameStep) {
  for (int i = 0; i < 5; ++i) run({5, 4, 3, 2, 1});
  EXPECT_EQ(judge({4.9}), Verdict::Continue) << "worse than the others' last losses, better than those at step 5";
}

TEST_F(MedianTest, WaitsForEnoughOthersThatHaveComeAsFar) {
  for (int i = 0; i < 3; ++i) run({1, 1});
  for (int i = 0; i < 9; ++i) run({1});
  EXPECT_EQ(judge({1, 50}), Verdict::Continue);
  run({1, 1});
  EXPECT_EQ(judge({1, 50}), Verdict::Continue) << "its best loss is not worse";
  EXPECT_EQ(judge({50, 50}), Verdict::Stop);
}

TEST_F(MedianTest, StopsALossThatIsNotANumberAtOnce) { EXPECT_EQ(judge({std::nan("")}), Verdict::Stop); }

TEST_F(MedianTest, CountsBrokenOthersAsWorse) {
  run({1}), run({2});
  for (int i = 0; i < 3; ++i) run({std::nan("")});
  EXPECT_EQ(judge({1e9}), Verdict::Continue);
}

TEST_F(MedianTest, JudgesAtTwentyPlacesAndNotAtTheEnd) {
  Trial trial;
  std::vector<std::int64_t> rungs;
  while ((trial.step = scheduler->next_rung(study.history(), trial)) != 0) rungs.push_back(trial.step);
  ASSERT_EQ(rungs.size(), 19u);
  EXPECT_EQ(rungs.front(), 5);
  EXPECT_EQ(rungs.back(), 95);
}

struct MedianWithGraceTest : MedianTest {
  MedianWithGraceTest() : MedianTest(R"(, "grace": 10, "every": 5)") {}
};

TEST_F(MedianWithGraceTest, SparesEveryTrialBeforeIt) {
  for (int i = 0; i < 5; ++i) run({1, 1});
  EXPECT_EQ(judge({9}), Verdict::Continue);
  EXPECT_EQ(judge({9, 9}), Verdict::Stop);
}

TEST(Median, NeedsNoLengthIfItsSpacingIsGiven) {
  const HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "stop": {"name": "median", "every": 7}})");
  const auto scheduler = make_scheduler(study.spec());
  Trial trial;
  trial.step = 20;
  EXPECT_EQ((*scheduler)->next_rung(study.history(), trial), 21);
}

TEST(Median, StopsTheWorseHalfWithSeveralObjectives) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "steps": 20, "stop": "median",
                           "objective": [{"minimize": "loss"}, {"maximize": "speed"}]})");
  const auto scheduler = make_scheduler(study.spec());
  const auto run = [&](double loss, double speed) -> const Trial& {
    const std::int64_t trial = study.create(Config{{"x", 0.5}});
    study.start(trial, 1);
    study.report(trial, 1, {{"loss", loss}, {"speed", speed}});
    return study.history().trials[static_cast<std::size_t>(trial)];
  };
  for (int i = 1; i <= 4; ++i) run(i, i);
  EXPECT_EQ((*scheduler)->on_reached(study.history(), run(5, 0.5)), Verdict::Stop) << "dominated";
  EXPECT_EQ((*scheduler)->on_reached(study.history(), run(5, 9)), Verdict::Continue) << "slow to learn, but fastest";
}

}  // namespace
}  // namespace pegbox
