// Population-based training at its rungs: who makes room, who waits for whom.
#include "search/schedulers/pbt.h"

#include <gtest/gtest.h>

#include "search/history_for_test.h"
#include "search/training_population.h"

namespace pegbox {
namespace {

constexpr char kPbtStudy[] = R"({"space": {"x": {"range": [0, 1]}}, "steps": 100, "budget": {"trials": 12},
                              "search": {"name": "pbt", "population": 4, "quantile": 0.25}, "stop": "auto"})";

std::unique_ptr<Scheduler> rule_of(const HistoryForTest& study) { return std::move(*make_scheduler(study.spec())); }

const Trial& member_of(const HistoryForTest& study, std::int64_t number) {
  return study.history().trials[static_cast<std::size_t>(number)];
}

/// A member that has come to step 10.
std::int64_t member(HistoryForTest& study, double loss) {
  const std::int64_t trial = study.create(Config{{"x", loss}});
  study.start(trial, 10);
  study.report(trial, 10, loss);
  return trial;
}

TEST(Pbt, IsTheRuleOfItsSearchAndDividesATrialByTen) {
  HistoryForTest study(kPbtStudy);
  const auto rule = rule_of(study);
  const std::int64_t first = study.create(Config{{"x", 0.5}});
  EXPECT_EQ(rule->next_rung(study.history(), member_of(study, first)), 10);
  study.start(first, 10);
  study.report(first, 90, 1);
  EXPECT_EQ(rule->next_rung(study.history(), member_of(study, first)), 0) << "the end is not a rung";
}

TEST(Pbt, GivesACloneItsFirstRungAfterTheStepWhereItBegins) {
  HistoryForTest study(kPbtStudy);
  const auto rule = rule_of(study);
  const std::int64_t parent = member(study, 1);
  study.apply(event::TrialCreated{1, Config{{"x", 0.5}}, {}, 0, CheckpointRef{parent, 30, "there"}});
  EXPECT_EQ(member_of(study, 1).step, 30);
  EXPECT_EQ(rule->next_rung(study.history(), member_of(study, 1)), 40);
}

TEST(Pbt, EndsTheWorstAndLetsOthersWaitUntilThePopulationIsComplete) {
  HistoryForTest study(kPbtStudy);
  const auto rule = rule_of(study);
  const std::int64_t first = member(study, 5);
  EXPECT_EQ(rule->on_reached(study.history(), member_of(study, first)), Verdict::Pause) << "nobody to compare with";
  study.move(first, TrialState::Paused);
  EXPECT_FALSE(rule->next_to_resume(study.history())) << "three members are not there yet";
  for (const double loss : {4.0, 3.0}) {
    const std::int64_t other = member(study, loss);
    EXPECT_EQ(rule->on_reached(study.history(), member_of(study, other)), Verdict::Pause);
    study.move(other, TrialState::Paused);
  }
  const std::int64_t worst = member(study, 6);
  const Ruling ruling = rule->on_reached(study.history(), member_of(study, worst));
  EXPECT_EQ(ruling, Verdict::Stop);
  EXPECT_NE(ruling.why.find("4 of 4"), std::string::npos) << ruling.why;
  study.move(worst, TrialState::Stopped);
  EXPECT_FALSE(rule->next_to_resume(study.history())) << "first its place is taken";
  study.create(Config{{"x", 0.9}});
  const auto next = rule->next_to_resume(study.history());
  ASSERT_TRUE(next);
  EXPECT_EQ(next->trial, first);
  EXPECT_EQ(next->until, 20);
}

TEST(Pbt, ResumesWhoIsFurthestBehind) {
  HistoryForTest study(kPbtStudy);
  const auto rule = rule_of(study);
  for (int i = 0; i < 4; ++i) study.move(member(study, i), TrialState::Paused);
  study.start(0, 20);
  study.report(0, 20, 1);
  EXPECT_EQ(rule->on_reached(study.history(), member_of(study, 0)), Verdict::Pause);
  study.move(0, TrialState::Paused);
  EXPECT_EQ(rule->next_to_resume(study.history())->trial, 1);
}

TEST(Pbt, EndsNobodyForWhomTheBudgetHasNoClone) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "steps": 100, "budget": {"trials": 4},
                           "search": {"name": "pbt", "population": 4}, "stop": "pbt"})");
  const auto rule = rule_of(study);
  for (int i = 0; i < 3; ++i) study.move(member(study, i), TrialState::Paused);
  const std::int64_t worst = member(study, 9);
  EXPECT_EQ(rule->on_reached(study.history(), member_of(study, worst)), Verdict::Continue);
}

TEST(Pbt, EndsAMemberWithoutAFiniteLoss) {
  HistoryForTest study(kPbtStudy);
  const auto rule = rule_of(study);
  const std::int64_t diverged = member(study, HUGE_VAL);
  EXPECT_EQ(rule->on_reached(study.history(), member_of(study, diverged)), Verdict::Stop);
}

TEST(Pbt, MakesNobodyWaitForASearchThatFillsNoPlaces) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "steps": 100, "search": "random", "stop": "pbt"})");
  const auto rule = rule_of(study);
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(rule->on_reached(study.history(), member_of(study, member(study, i))),
              i < 3 ? Verdict::Continue : Verdict::Stop);
}

TEST(TrainingPopulation, HasAThirdOfTheTrialsAndBeginsAnewWhenItsMembersAreDone) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "budget": {"trials": 15}, "search": "pbt"})");
  const auto population = training_population_of(study.spec());
  ASSERT_TRUE(population);
  EXPECT_EQ(population->members(study.history()), 5);
  EXPECT_EQ(population->interval_steps(study.history()), 0);
  EXPECT_EQ(population->tail(9), 2);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(population->places(study.history()), 5);
    study.done(Config{{"x", 0.1 * i}}, i);
  }
  EXPECT_EQ(population->places(study.history()), 10);
  EXPECT_TRUE(population->lacks_member(study.history()));
  EXPECT_FALSE(training_population_of(HistoryForTest(R"({"space": {"x": {"range": [0, 1]}}})").spec()));
}

}  // namespace
}  // namespace pegbox
