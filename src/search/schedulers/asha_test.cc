// Asynchronous successive halving: a small example worked by hand, and what holds in every order of events.
#include "search/schedulers/asha.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "search/halving_rungs.h"
#include "search/history_for_test.h"

namespace pegbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct AshaTest : testing::Test {
  AshaTest() : study(R"({"space": {"x": {"range": [0, 1]}}, "steps": 9, "stop": {"name": "asha", "min": 1}})") {
    scheduler = std::move(*make_scheduler(study.spec()));
  }
  const Trial& trial(std::int64_t number) const { return study.history().trials[static_cast<std::size_t>(number)]; }
  /// Runs a new trial to the first rung and does as it is told.
  Verdict arrive(double loss) {
    const std::int64_t number = study.create(Config{{"x", 0.5}});
    study.start(number, scheduler->next_rung(study.history(), trial(number)));
    return reach(number, loss);
  }
  /// Runs a trial to its rung and does as it is told.
  Verdict reach(std::int64_t number, double loss) {
    study.report(number, trial(number).until, loss);
    const Verdict verdict = scheduler->on_reached(study.history(), trial(number)).verdict;
    if (verdict == Verdict::Pause) study.move(number, TrialState::Paused);
    if (verdict == Verdict::Stop) study.move(number, TrialState::Stopped);
    if (verdict == Verdict::Continue) study.start(number, scheduler->next_rung(study.history(), trial(number)));
    return verdict;
  }
  std::optional<Promotion> promote() {
    const auto promotion = scheduler->next_to_resume(study.history());
    if (promotion) study.start(promotion->trial, promotion->until);
    return promotion;
  }

  HistoryForTest study;
  std::unique_ptr<Scheduler> scheduler;
};

TEST_F(AshaTest, FollowsAnExampleWorkedByHand) {
  // Rungs 1, 3, end 9. Rung 1: losses 5, 4, 6 -> one place of three, for trial 1, which waits.
  EXPECT_EQ(arrive(5), Verdict::Pause);
  EXPECT_EQ(arrive(4), Verdict::Pause);
  EXPECT_FALSE(promote()) << "one of two is not a third";
  EXPECT_EQ(arrive(6), Verdict::Pause);
  auto promotion = promote();
  ASSERT_TRUE(promotion);
  EXPECT_EQ(promotion->trial, 1);
  EXPECT_EQ(promotion->until, 3);
  EXPECT_FALSE(promote()) << "the place is taken";
  // A fourth that is best of all waits, for one place of four is taken; with the sixth there are two places.
  EXPECT_EQ(arrive(3), Verdict::Pause);
  EXPECT_FALSE(promote());
  EXPECT_EQ(arrive(7), Verdict::Pause);
  EXPECT_FALSE(promote());
  EXPECT_EQ(arrive(2), Verdict::Continue) << "the second of two places, for the best of all";
  EXPECT_EQ(trial(5).until, 3);
  EXPECT_FALSE(promote());
  // Losses 5 4 6 3 7 2, and 8 9 1: the third place goes to the last one, though the 3 has waited longer.
  EXPECT_EQ(arrive(8), Verdict::Pause);
  EXPECT_EQ(arrive(9), Verdict::Pause);
  EXPECT_EQ(arrive(1), Verdict::Continue);
  // Rung 3: trials 1, 5, 8 with losses 3.5, 1.5, 0.5: the last goes on to the end.
  EXPECT_EQ(reach(1, 3.5), Verdict::Pause);
  EXPECT_EQ(reach(5, 1.5), Verdict::Pause);
  EXPECT_EQ(reach(8, 0.5), Verdict::Continue);
  EXPECT_EQ(trial(8).until, 0);
  EXPECT_FALSE(promote());
}

struct AshaWithABaseline : AshaTest {
  AshaWithABaseline() {
    study = HistoryForTest(R"({"space": {"x": {"range": [0, 1], "prior": {"at": 0.5, "spread": 0.1}}}, "steps": 9,
                               "stop": {"name": "asha", "min": 1}})");
    scheduler = std::move(*make_scheduler(study.spec()));
  }
};

TEST_F(AshaWithABaseline, RunsTheFirstTrialToItsEnd) {
  EXPECT_EQ(arrive(5), Verdict::Continue) << "a space with a prior has a baseline";
  EXPECT_EQ(reach(0, 4), Verdict::Continue);
  EXPECT_EQ(trial(0).until, 0);
  EXPECT_EQ(arrive(4), Verdict::Pause) << "the second is judged as ever";
}

TEST_F(AshaWithABaseline, LeavesItsPlaceToTheBest) {
  arrive(5);
  EXPECT_EQ(arrive(4), Verdict::Pause);
  EXPECT_EQ(arrive(3), Verdict::Continue) << "one place of three, which a baseline that is behind has not taken";
  arrive(6);
  arrive(7);
  EXPECT_FALSE(promote()) << "the place is taken";
}

TEST_F(AshaWithABaseline, HoldsAPlaceWhereItIsAmongTheBest) {
  arrive(1);
  EXPECT_EQ(arrive(2), Verdict::Pause);
  EXPECT_EQ(arrive(3), Verdict::Pause) << "the baseline is the best of three";
  EXPECT_FALSE(promote());
}

TEST_F(AshaTest, LooksForPromotionsFromTheHighestRungDown) {
  for (const double loss : {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0}) arrive(loss);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(promote());
  EXPECT_FALSE(promote());
  EXPECT_EQ(reach(0, 0.9), Verdict::Pause);
  EXPECT_EQ(reach(1, 1.9), Verdict::Pause);
  EXPECT_EQ(reach(2, 2.9), Verdict::Pause);
  for (const double loss : {10.0, 11.0, 12.0}) arrive(loss);
  const auto first = promote(), second = promote();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->trial, 0);
  EXPECT_EQ(first->until, 0) << "from rung 3 to the end";
  EXPECT_EQ(second->trial, 3);
  EXPECT_EQ(second->until, 3);
}

TEST_F(AshaTest, ComparesLossesOfTheSameRungOnly) {
  for (const double loss : {4.0, 5.0, 6.0}) arrive(loss);
  ASSERT_EQ(promote()->trial, 0);
  reach(0, 0.1);  // at rung 3; at rung 1 it had 4
  EXPECT_EQ(arrive(3), Verdict::Pause) << "better than 4 at rung 1, but the place is taken";
  EXPECT_EQ(arrive(7), Verdict::Pause);
  EXPECT_EQ(arrive(8), Verdict::Pause);
  EXPECT_EQ(promote()->trial, 3) << "second place of six; 0.1 at rung 3 counts as 4 here";
}

TEST_F(AshaTest, EndsATrialWhoseLossIsNotANumberAndNeverPromotesIt) {
  EXPECT_EQ(arrive(std::nan("")), Verdict::Stop);
  EXPECT_EQ(arrive(HUGE_VAL), Verdict::Stop);
  EXPECT_EQ(arrive(5), Verdict::Continue) << "one place of three";
}

TEST_F(AshaTest, LetsATrialGoOnWhoseObjectiveIsKnownAtTheEndAlone) {
  const std::int64_t number = study.create(Config{{"x", 0.5}});
  study.start(number, scheduler->next_rung(study.history(), trial(number)));
  study.report(number, 1, {{"something else", 1}});
  EXPECT_EQ(scheduler->on_reached(study.history(), trial(number)), Verdict::Continue);
}

TEST_F(AshaTest, GivesThePlaceOfATrialThatFailedToTheNextBest) {
  for (const double loss : {1.0, 2.0}) arrive(loss);
  study.move(0, TrialState::Failed, FailureKind::Error);  // while it waited
  EXPECT_EQ(arrive(3), Verdict::Pause);
  EXPECT_EQ(promote()->trial, 1);
}

TEST_F(AshaTest, CountsATrialThatFailedBeforeTheRungAsItsWorst) {
  for (const double loss : {1.0, 2.0}) arrive(loss);
  EXPECT_FALSE(promote()) << "no place for two";
  const std::int64_t lost = study.create(Config{{"x", 0.5}});
  study.start(lost, 1);
  study.move(lost, TrialState::Failed, FailureKind::Diverged);
  EXPECT_EQ(promote()->trial, 0);
}

TEST_F(AshaTest, KeepsThePlaceOfAPromotedTrialThatFailedLater) {
  for (const double loss : {1.0, 2.0, 3.0}) arrive(loss);
  ASSERT_EQ(promote()->trial, 0);
  study.move(0, TrialState::Failed, FailureKind::Error);
  EXPECT_FALSE(promote());
}

TEST_F(AshaTest, KeepsThePlaceOfAPromotedTrialThatHasToRunAgain) {
  for (const double loss : {1.0, 2.0, 3.0}) arrive(loss);
  ASSERT_EQ(promote()->trial, 0);
  study.move(0, TrialState::Waiting, FailureKind::WorkerLost);
  study.apply(event::TrialStarted{0, "worker", 0, 3, 0});  // no checkpoint: from the beginning
  ASSERT_TRUE(trial(0).reports.empty());
  EXPECT_FALSE(promote());
}

TEST_F(AshaTest, DoesNotResumeATrialThatAPersonPausedBetweenRungs) {
  for (const double loss : {1.0, 2.0, 3.0}) arrive(loss);
  ASSERT_EQ(promote()->trial, 0);
  study.report(0, 2, 0.5);
  study.move(0, TrialState::Paused);
  EXPECT_FALSE(promote());
}

TEST_F(AshaTest, JudgesTheFirstReportBeyondTheRungOfAProgramThatReportsSeldom) {
  HistoryForTest seldom(R"({"space": {"x": {"range": [0, 1]}}, "steps": 1000, "stop": "asha"})");
  const auto made = make_scheduler(seldom.spec());
  for (const double loss : {3.0, 2.0, 1.0}) {
    const std::int64_t number = seldom.create(Config{{"x", 0.5}});
    seldom.start(number, 37);
    seldom.report(number, 50, loss);
    const Trial& trial = seldom.history().trials[static_cast<std::size_t>(number)];
    EXPECT_EQ((*made)->on_reached(seldom.history(), trial), loss == 1 ? Verdict::Continue : Verdict::Pause);
    EXPECT_EQ((*made)->next_rung(seldom.history(), trial), 111);
    seldom.move(number, TrialState::Paused);
  }
}

TEST(Asha, KeepsItsRungsWhenTheBudgetGrows) {
  Json file = *parse_json(R"({"name": "test", "trial": {"command": "true"}, "objective": {"minimize": "loss"},
      "space": {"x": {"range": [0, 1]}}, "steps": 100, "stop": "asha", "budget": {"trials": 20}})",
                          "test");
  HistoryForTest study(to_line(file));
  const auto scheduler = *make_scheduler(study.spec());
  const std::int64_t number = study.create(Config{{"x", 0.5}});
  const auto rung = [&] {
    return scheduler->next_rung(study.history(), study.history().trials[static_cast<std::size_t>(number)]);
  };
  EXPECT_EQ(rung(), 11);
  file["budget"] = {{"trials", 60}};
  study.apply(event::StudyChanged{file});
  EXPECT_EQ(rung(), 11) << "a new study of 60 trials would begin at 3";
}

TEST(Asha, FinishesTheBestOnceNoTrialIsLeftToCreate) {
  HistoryForTest study(
      R"({"space": {"x": {"range": [0, 1]}}, "steps": 9, "budget": {"trials": 4}, "stop": {"name": "asha", "min": 1}})");
  const auto scheduler = *make_scheduler(study.spec());
  const auto run_to = [&](std::int64_t number, std::int64_t until, double loss) {
    study.start(number, until);
    if (until == 0) return Verdict::Continue;
    study.report(number, until, loss);
    const Verdict verdict = scheduler->on_reached(study.history(), study.history().trials[number]).verdict;
    if (verdict == Verdict::Pause) study.move(number, TrialState::Paused);
    return verdict;
  };
  for (const double loss : {5.0, 4.0}) EXPECT_EQ(run_to(study.create(Config{{"x", 0.5}}), 1, loss), Verdict::Pause);
  EXPECT_EQ(run_to(study.create(Config{{"x", 0.5}}), 1, 3), Verdict::Continue);
  EXPECT_EQ(run_to(2, 3, 2.5), Verdict::Pause);
  EXPECT_FALSE(scheduler->next_to_resume(study.history())) << "a better one may come";
  // The last one is no better at the first rung: it waits, and the best at the second goes on to its end.
  EXPECT_EQ(run_to(study.create(Config{{"x", 0.5}}), 1, 3.5), Verdict::Pause);
  const auto best = scheduler->next_to_resume(study.history());
  ASSERT_TRUE(best);
  EXPECT_EQ(best->trial, 2);
  EXPECT_EQ(best->until, 0);
  run_to(2, 0, 0);
  EXPECT_FALSE(scheduler->next_to_resume(study.history())) << "the others stay behind";
}

TEST(Asha, RefusesAFirstRungBeyondTheEnd) {
  const HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "steps": 9, "stop": {"name": "asha", "min": 9}})");
  const auto made = make_scheduler(study.spec());
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("less than 9"), std::string::npos) << made.error().message;
}

TEST(Asha, PromotesTheFrontWithSeveralObjectives) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "steps": 9, "stop": {"name": "asha", "min": 1},
                           "objective": [{"minimize": "loss"}, {"minimize": "size"}]})");
  const auto scheduler = make_scheduler(study.spec());
  const std::vector<std::pair<double, double>> points{{5, 5}, {6, 6}, {7, 7}, {8, 8}, {1, 4}, {4, 1}};
  for (const auto& [loss, size] : points) {
    const std::int64_t number = study.create(Config{{"x", 0.5}});
    study.start(number, 1);
    study.report(number, 1, {{"loss", loss}, {"size", size}});
    study.move(number, TrialState::Paused);
  }
  std::vector<std::int64_t> promoted;
  while (const auto promotion = (*scheduler)->next_to_resume(study.history())) {
    promoted.push_back(promotion->trial);
    study.start(promotion->trial, promotion->until);
  }
  EXPECT_THAT(promoted, ElementsAre(4, 5));
}

/// Workers that finish in a random order; every trial has a loss at each rung drawn at random.
struct RandomStudy {
  explicit RandomStudy(std::uint64_t seed, std::int64_t reduction)
      : study(R"({"space": {"x": {"range": [0, 1]}}, "steps": 64, "stop": {"name": "asha", "min": 2, "reduction": )" +
              std::to_string(reduction) + "}}"),
        scheduler(std::move(*make_scheduler(study.spec()))),
        rng({seed, stream_id("random asha"), 0}),
        rungs(halving_rungs({reduction, 2}, 64, 0)),
        reduction(reduction),
        promotions(rungs.size()),
        reached(rungs.size()) {}

  std::size_t rung_index(std::int64_t step) const {
    return static_cast<std::size_t>(std::ranges::find(rungs, step) - rungs.begin());
  }
  void note_promotion(std::int64_t trial, std::int64_t rung) {
    auto& list = promotions[rung_index(rung)];
    EXPECT_EQ(std::ranges::count(list, trial), 0) << "promoted twice from step " << rung;
    list.push_back(trial);
    check_place(trial, rung);
  }
  /// Among the best floor(n / reduction) that could go on, and within the number of places.
  void check_place(std::int64_t trial, std::int64_t rung) {
    const auto& all = reached[rung_index(rung)];
    const auto places = std::ssize(all) / reduction;
    EXPECT_LE(std::ssize(promotions[rung_index(rung)]), places);
    const double own = all.at(trial);
    const auto better = std::ranges::count_if(all, [&](const auto& other) { return other.second < own; });
    EXPECT_LT(better, places) << "trial " << trial << " at step " << rung;
  }
  void step(std::vector<std::int64_t>& running) {
    if (running.size() < 5) {
      if (const auto promotion = scheduler->next_to_resume(study.history())) {
        note_promotion(promotion->trial, study.history().trials[static_cast<std::size_t>(promotion->trial)].step);
        study.start(promotion->trial, promotion->until);
        running.push_back(promotion->trial);
      } else {
        const std::int64_t number = study.create(Config{{"x", 0.5}});
        study.start(number, rungs.front());
        running.push_back(number);
      }
      return;
    }
    const std::size_t i = rng.below(running.size());
    if (finish_leg(running[i])) running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
  }
  /// False if the trial goes on at once.
  bool finish_leg(std::int64_t number) {
    const Trial& trial = study.history().trials[static_cast<std::size_t>(number)];
    const std::int64_t until = trial.until;
    study.report(number, until == 0 ? 64 : until, rng.uniform());
    if (until == 0) return study.move(number, TrialState::Done), true;
    reached[rung_index(until)][number] = trial.reports.back().metrics.at("loss");
    if (scheduler->on_reached(study.history(), trial) == Verdict::Pause)
      return study.move(number, TrialState::Paused), true;
    note_promotion(number, until);
    study.start(number, scheduler->next_rung(study.history(), trial));
    return false;
  }

  HistoryForTest study;
  std::unique_ptr<Scheduler> scheduler;
  Rng rng;
  std::vector<std::int64_t> rungs;
  std::int64_t reduction;
  std::vector<std::vector<std::int64_t>> promotions;    // [rungs]
  std::vector<std::map<std::int64_t, double>> reached;  // [rungs]: trial -> loss
};

TEST(Asha, PromotesNoTrialTwiceAndNeverMoreThanItsPartInAnyOrder) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RandomStudy random(seed, 2 + static_cast<std::int64_t>(seed % 3));
    std::vector<std::int64_t> running;
    for (int i = 0; i < 400; ++i) random.step(running);
    for (std::size_t rung = 0; rung < random.rungs.size(); ++rung) {
      // Nothing is left lying either: places are given until the best that are left have had theirs.
      const auto places = std::ssize(random.reached[rung]) / random.reduction;
      EXPECT_GE(std::ssize(random.promotions[rung]), places / 2) << "seed " << seed << " rung " << rung;
    }
    EXPECT_GT(random.promotions.front().size(), 20u);
  }
}

}  // namespace
}  // namespace pegbox
