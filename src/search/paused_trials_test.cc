// Which paused trials keep their checkpoints when a budget ends.
#include "search/paused_trials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "search/history_for_test.h"

namespace pegbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct PausedTrialsTest : testing::Test {
  void pause(std::int64_t step, double loss, std::string detail = "others are ahead") {
    const std::int64_t trial = study.create(Config{{"x", 0.5}});
    study.start(trial, step);
    study.report(trial, step, loss);
    study.apply(event::TrialMoved{trial, TrialState::Paused, step, {}, {}, std::move(detail)});
  }
  HistoryForTest study{R"({"space": {"x": {"range": [0, 1]}}, "steps": 27})"};
};

TEST_F(PausedTrialsTest, AreRankedByTheBestAtEachStepInTurn) {
  pause(3, 5), pause(3, 4), pause(9, 3), pause(3, std::nan("")), pause(9, 2);
  EXPECT_THAT(rank_paused(study.history()), ElementsAre(4, 1, 2, 0, 3));
}

TEST_F(PausedTrialsTest, AreOnlyThoseThatTheSchedulerPaused) {
  pause(3, 5, kPausedByPerson);
  pause(3, 4, std::string(kBudgetSpent) + ": 1m of time");
  EXPECT_THAT(rank_paused(study.history()), IsEmpty());
  for (const Trial& trial : study.history().trials) EXPECT_TRUE(goes_on_with_study(trial));
  pause(3, 4);
  EXPECT_FALSE(goes_on_with_study(study.history().trials[2]));
}

}  // namespace
}  // namespace pegbox
