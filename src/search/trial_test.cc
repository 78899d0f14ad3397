// Trial: names of states, and metrics by step.
#include "search/trial.h"

#include <gtest/gtest.h>

namespace pegbox {
namespace {

TEST(TrialState, HasANameThatReadsBack) {
  for (int i = 0; i < 7; ++i) {
    const auto state = static_cast<TrialState>(i);
    EXPECT_EQ(trial_state_of(name_of(state)), state);
  }
  EXPECT_EQ(name_of(TrialState::Infeasible), "infeasible");
  EXPECT_FALSE(trial_state_of("Done"));
  EXPECT_FALSE(trial_state_of(""));
}

TEST(TrialState, IsFinalFromDoneOn) {
  EXPECT_FALSE(is_final(TrialState::Waiting));
  EXPECT_FALSE(is_final(TrialState::Running));
  EXPECT_FALSE(is_final(TrialState::Paused));
  EXPECT_TRUE(is_final(TrialState::Done));
  EXPECT_TRUE(is_final(TrialState::Stopped));
  EXPECT_TRUE(is_final(TrialState::Failed));
  EXPECT_TRUE(is_final(TrialState::Infeasible));
}

TEST(Trial, GivesAMetricAtTheLastReportThatHasIt) {
  Trial trial;
  trial.reports = {{10, {{"loss", 3.0}}}, {20, {{"tokens", 5.0}}}, {30, {{"loss", 1.0}}}};
  trial.metrics = {{"loss", 1.0}, {"tokens", 5.0}};
  EXPECT_FALSE(trial.metric_at("loss", 9));
  EXPECT_EQ(trial.metric_at("loss", 10), 3.0);
  EXPECT_EQ(trial.metric_at("loss", 29), 3.0);
  EXPECT_EQ(trial.metric_at("loss", 30), 1.0);
  EXPECT_EQ(trial.metric_at("loss", 1000), 1.0);
  EXPECT_FALSE(trial.metric_at("accuracy", 1000));
  EXPECT_EQ(trial.metric("tokens"), 5.0);
  EXPECT_FALSE(trial.metric("accuracy"));
}

}  // namespace
}  // namespace pegbox
