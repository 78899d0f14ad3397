// What a full trial costs, from trials that ended, were stopped early, went on in legs or failed.
#include "search/samplers/trial_cost.h"

#include <gtest/gtest.h>

#include "search/history_for_test.h"

namespace pegbox {
namespace {

constexpr const char* kStudy =
    R"({"space": {"x": {"range": [0, 1]}}, "steps": 10, "budget": {"trials": 8, "time": 100, "tokens": 1000}})";

/// A study whose events have times.
struct TimedStudy {
  StudyState state;
  double now_s = 0;

  TimedStudy() {
    Json spec = {{"name", "test"}, {"trial", {{"command", "true"}}}, {"objective", {{"minimize", "loss"}}}};
    const Json members = Json::parse(kStudy);
    for (const auto& [key, value] : members.items()) spec[key] = value;
    apply(event::StudyCreated{spec, "test"});
  }
  void apply(Event::What what) {
    const auto applied = state.apply({state.event_count(), now_s, "test", std::move(what)});
    EXPECT_TRUE(applied) << applied.error().message;
  }
  std::int64_t create() {
    const auto number = static_cast<std::int64_t>(state.history().trials.size());
    apply(event::TrialCreated{number, Config{{"x", 0.1 * static_cast<double>(number)}}, {}, 0, {}});
    return number;
  }
  /// One leg from where the trial stands.
  void leg(std::int64_t trial, std::int64_t to, double seconds, TrialState end, double tokens = 0) {
    apply(event::TrialStarted{trial, "worker", state.trial(trial).step, to, 0});
    now_s += seconds;
    Metrics metrics{{"loss", 1.0}};
    if (tokens > 0) metrics["tokens"] = tokens;
    apply(event::TrialReported{trial, to, metrics});
    apply(event::TrialMoved{trial, end, to, {}, {}, ""});
  }
  std::optional<double> cost(std::int64_t trial, std::string_view of) const {
    return full_cost(state.history(), state.trial(trial), of);
  }
};

TEST(TrialCost, IsTheTimeOrTheMetricOfATrialThatRanToItsEnd) {
  TimedStudy study;
  study.leg(study.create(), 10, 7, TrialState::Done, 300);
  EXPECT_EQ(study.cost(0, kElapsed), 7.0);
  EXPECT_EQ(study.cost(0, "tokens"), 300.0);
  EXPECT_EQ(study.cost(0, "watts"), std::nullopt);
}

TEST(TrialCost, IsCarriedToFullLengthWhereATrialEndedEarly) {
  TimedStudy study;
  study.leg(study.create(), 4, 6, TrialState::Stopped, 100);
  EXPECT_EQ(study.cost(0, kElapsed), 15.0);
  EXPECT_EQ(study.cost(0, "tokens"), 250.0);
}

TEST(TrialCost, OfATrialInLegsIsTheLastLegsPace) {
  TimedStudy study;
  const std::int64_t trial = study.create();
  study.leg(trial, 2, 4, TrialState::Paused, 60);
  EXPECT_EQ(study.cost(trial, kElapsed), std::nullopt);
  EXPECT_EQ(study.cost(trial, "tokens"), 300.0);
  study.now_s += 50;  // it waited
  study.leg(trial, 10, 24, TrialState::Done, 290);
  EXPECT_EQ(study.cost(trial, kElapsed), 30.0) << "3 seconds a step";
  EXPECT_EQ(study.cost(trial, "tokens"), 290.0);
}

TEST(TrialCost, OfFailuresAndWithoutTimeIsNotKnown) {
  TimedStudy study;
  const std::int64_t failed = study.create();
  study.apply(event::TrialStarted{failed, "worker", 0, 0, 0});
  study.now_s += 3;
  study.apply(event::TrialMoved{failed, TrialState::Failed, 0, {}, FailureKind::OutOfMemory, ""});
  EXPECT_EQ(study.cost(failed, kElapsed), std::nullopt);
  const std::int64_t instant = study.create();
  study.leg(instant, 10, 0, TrialState::Done);
  EXPECT_EQ(study.cost(instant, kElapsed), std::nullopt);
  EXPECT_EQ(study.cost(study.create(), kElapsed), std::nullopt);
}

TEST(TrialCost, OfABudgetLeavesWhatIsLeftOfTheScarcest) {
  TimedStudy study;
  EXPECT_EQ(budget_left_fraction(study.state.history()), 1.0);
  study.leg(study.create(), 10, 5, TrialState::Done, 100);
  EXPECT_DOUBLE_EQ(budget_left_fraction(study.state.history()), 0.875) << "of trials";
  study.leg(study.create(), 10, 30, TrialState::Done, 200);
  EXPECT_DOUBLE_EQ(budget_left_fraction(study.state.history()), 0.65) << "of time";
  study.leg(study.create(), 10, 5, TrialState::Done, 600);
  EXPECT_DOUBLE_EQ(budget_left_fraction(study.state.history()), 0.1) << "of tokens";
}

}  // namespace
}  // namespace pegbox
