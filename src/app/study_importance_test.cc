// StudyImportance: of finished studies, and of those whose trials were stopped early.
#include "app/study_importance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/yaml_document.h"
#include "base/rng.h"

namespace pegbox {
namespace {

/// A finished study of `loss` over x, y and a switch, with random trials.
StudyState study_of(int trials, double (*loss)(double x, double y, bool on)) {
  const auto document = parse_yaml(
      "name: a\nspace: {x: {range: [0, 1]}, y: {range: [1e-4, 1], scale: log}, on: {choice: [no, yes]}}\n"
      "objective: {minimize: loss}\nbudget: {trials: 100}\n",
      "s");
  StudyState state;
  const auto tell = [&](Event::What what) {
    EXPECT_TRUE(state.apply({state.event_count(), 0, "tuner", std::move(what)}));
  };
  tell(event::StudyCreated{document->json, "1"});
  Rng rng({3, stream_id("importance test"), 0});
  for (int i = 0; i < trials; ++i) {
    const std::vector<double> at = {rng.uniform(), rng.uniform(), rng.uniform()};
    event::TrialCreated created;
    created.trial = i;
    created.config = state.spec().space.from_unit(at);
    const bool on = as_number(*created.config.find("x")) >= 0 && to_text(*created.config.find("on")) == "yes";
    tell(created);
    tell(event::TrialStarted{i, {}, 0, 0, 0});
    tell(event::TrialReported{i, 1, {{"loss", loss(at[0], at[1], on)}}});
    event::TrialMoved moved;
    moved.trial = i;
    moved.to = TrialState::Done;
    tell(moved);
  }
  return state;
}

TEST(StudyImportance, FindsWhatDecides) {
  const auto state = study_of(40, [](double x, double, bool on) { return 4 * x + (on ? 1.0 : 0.0); });
  const auto importance = study_importance(state.history(), "loss");
  ASSERT_TRUE(importance) << importance.error().message;
  ASSERT_EQ(importance->parameters.size(), 3u);
  EXPECT_EQ(importance->parameters[0].parameter, "x");
  EXPECT_GT(importance->parameters[0].share, 0.6);
  EXPECT_EQ(importance->parameters[1].parameter, "on");
  EXPECT_LT(importance->parameters[2].share, 0.05) << "y decides nothing";
}

TEST(StudyImportance, RefusesTooFewTrials) {
  const auto state = study_of(3, [](double x, double, bool) { return x; });
  EXPECT_FALSE(study_importance(state.history(), "loss"));
}

TEST(StudyImportance, NamesTheMetricsThereAre) {
  const auto found = study_importance(study_of(5, [](double x, double, bool) { return x; }).history(), "los");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, testing::HasSubstr("got los; expected one of loss"));
}

TEST(StudyImportance, TrialsThatWereStoppedCount) {
  StudyState state = study_of(12, [](double x, double, bool) { return x; });
  const auto tell = [&](Event::What what) {
    EXPECT_TRUE(state.apply({state.event_count(), 0, "tuner", std::move(what)}));
  };
  event::TrialCreated created;
  created.trial = 12;
  created.config = state.spec().space.from_unit(std::vector<double>{0.5, 0.5, 0.5});
  tell(created);
  tell(event::TrialStarted{12, {}, 0, 0, 0});
  tell(event::TrialReported{12, 1, {{"loss", 0.5}}});
  event::TrialMoved moved;
  moved.trial = 12;
  moved.to = TrialState::Stopped;
  tell(moved);
  EXPECT_EQ(study_importance(state.history(), "")->trials, 13);
}

}  // namespace
}  // namespace pegbox
