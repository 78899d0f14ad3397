// Ask-and-tell over real stores and strategies: the order of decisions, verdicts, faults of callers and of disks,
// kills.
#include "search/ask_tell.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <thread>

#include "search/executors/simulated_executor.h"
#include "search/samplers/table.h"
#include "search/schedulers/table.h"
#include "search/study_kit_for_test.h"
#include "search/tuner.h"

namespace pegbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// With rungs at 1, 3 and 9 steps.
StudySpec halving_spec(const Json& changes = Json::object()) {
  Json all = {{"stop", {{"name", "asha"}, {"reduction", 3}, {"min", 1}}}};
  all.update(changes);
  return small_study(all);
}

/// A study in memory and everything that it takes; a second one over the same store is what a new process would see.
struct Sitting {
  explicit Sitting(Store& store, const StudySpec& spec, AskTellOptions options = {.report_group_s = 0}) {
    auto opened = Study::open(store, spec.name);
    if (!opened) opened = Study::create(store, spec);
    study = *std::move(opened);
    sampler = *make_sampler(spec);
    scheduler = *make_scheduler(spec);
    director = std::make_unique<Director>(*sampler, *scheduler);
    ask_tell = std::make_unique<AskTell>(*study, *director, clock, std::move(options));
    const auto begun = ask_tell->begin();
    EXPECT_TRUE(begun) << begun.error().message;
  }
  AskTell* operator->() { return ask_tell.get(); }
  AskedTrial ask() {
    const auto asked = ask_tell->ask();
    EXPECT_TRUE(asked && *asked) << (asked ? "nothing to ask for" : asked.error().message);
    return asked && *asked ? **asked : AskedTrial{};
  }
  const Trial& trial(std::int64_t number) { return study->state().trial(number); }

  ManualClock clock;
  std::unique_ptr<Study> study;
  std::unique_ptr<Sampler> sampler;
  std::unique_ptr<Scheduler> scheduler;
  std::unique_ptr<Director> director;
  std::unique_ptr<AskTell> ask_tell;
};

double loss_at(const Config& config, std::int64_t step) {
  return std::abs(as_number(*config.find("x")) - 3) + 1 / static_cast<double>(step);
}

/// Trains as a program would: `stride` steps between reports, until a verdict or the end.
void train(AskTell& ask_tell, const AskedTrial& asked, std::int64_t stride = 1) {
  std::int64_t step = asked.step;
  while (step < 27) {
    step = std::min<std::int64_t>(step + stride, 27);
    const auto verdict = ask_tell.report(asked.id, {.step = step, .metrics = {{"loss", loss_at(asked.config, step)}}});
    ASSERT_TRUE(verdict) << verdict.error().message;
    if (*verdict != Verdict::Continue) return;
  }
  const auto told = ask_tell.tell(asked.id, {{"loss", loss_at(asked.config, 27)}});
  ASSERT_TRUE(told) << told.error().message;
}

void run_to_the_end(AskTell& ask_tell, std::int64_t stride = 1) {
  for (;;) {
    const auto asked = ask_tell.ask();
    ASSERT_TRUE(asked) << asked.error().message;
    if (!*asked) return;
    ASSERT_NO_FATAL_FAILURE(train(ask_tell, **asked, stride));
  }
}

/// What was decided: which trials were made, which legs were run, and where trials moved; without times and names.
std::vector<std::string> decisions_of(Store& store) {
  std::vector<std::string> lines;
  const auto events = *store.read("s");
  for (const Event& event : events) {
    if (std::holds_alternative<event::TrialCreated>(event.what)) lines.push_back(encode_payload(event.what));
    if (const auto* moved = std::get_if<event::TrialMoved>(&event.what))
      lines.push_back(fmt::format("{} {} at {}: {}", moved->trial, name_of(moved->to), moved->step, moved->detail));
    if (const auto* started = std::get_if<event::TrialStarted>(&event.what))
      lines.push_back(fmt::format("{} from {} until {}", started->trial, started->from, started->until));
  }
  return lines;
}

TEST(AskTell, DecidesAsTheTunerWould) {
  for (const char* search : {"random", "gp"}) {
    const StudySpec spec = halving_spec({{"search", search}});
    const auto told = memory_store(), tuned = memory_store();
    Sitting sitting(*told, spec);
    ASSERT_NO_FATAL_FAILURE(run_to_the_end(*sitting.ask_tell));
    auto study = *Study::create(*tuned, spec);
    const auto sampler = *make_sampler(spec);
    const auto scheduler = *make_scheduler(spec);
    Director director(*sampler, *scheduler);
    SimulatedExecutor simulated(
        [](const Launch& launch) {
          SimulatedTrial trial;
          trial.length = 27;
          trial.curve = [config = launch.config](std::int64_t step) -> Metrics {
            return {{"loss", loss_at(config, step)}};
          };
          return trial;
        },
        1);
    ASSERT_TRUE(Tuner(*study, director, simulated, {}).run());
    EXPECT_EQ(decisions_of(*told), decisions_of(*tuned)) << search;
  }
}

TEST(AskTell, GivesAPausedTrialBackWhereItStopped) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec());
  std::int64_t resumed = 0;
  for (;;) {
    const auto asked = sitting->ask();
    ASSERT_TRUE(asked);
    if (!*asked) break;
    if ((*asked)->step > 0) ++resumed;
    EXPECT_EQ((*asked)->step, sitting.trial((*asked)->id.trial).step);
    ASSERT_NO_FATAL_FAILURE(train(*sitting.ask_tell, **asked));
  }
  EXPECT_GE(resumed, 3);
  EXPECT_EQ(sitting.study->history().in_state(TrialState::Paused).size(), kKeptPaused);
  EXPECT_EQ(sitting.study->history().trials.size(), 20u);
  EXPECT_EQ((*sitting.study).state().notes().at("run").at("reason"), "20 trials");
}

TEST(AskTell, JudgesAtTheFirstReportAtOrPastTheRung) {
  for (const std::int64_t stride : {1, 2, 4, 10, 50}) {
    const auto store = memory_store();
    Sitting sitting(*store, halving_spec());
    ASSERT_NO_FATAL_FAILURE(run_to_the_end(*sitting.ask_tell, stride));
    const History history = sitting.study->history();
    EXPECT_EQ(history.trials.size(), 20u);
    EXPECT_EQ(history.in_state(TrialState::Done).size() == 20u, stride >= 27);
    for (const Trial& each : history.trials) {
      if (each.state == TrialState::Done) continue;
      const std::int64_t step = each.step;
      const auto first_report_at = [&](std::int64_t rung) { return (rung + stride - 1) / stride * stride; };
      EXPECT_TRUE(step == first_report_at(1) || step == first_report_at(3) || step == first_report_at(9))
          << "step " << step << ", reports every " << stride;
    }
  }
}

TEST(AskTell, WaitsWithItsJudgementForAValueOfTheObjective) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec());
  const AskedTrial first = sitting.ask();
  ASSERT_EQ(sitting.trial(0).until, 1);
  EXPECT_EQ(sitting->report(first.id, {.step = 1, .metrics = {{"train_loss", 5}}}), Verdict::Continue);
  EXPECT_EQ(sitting->report(first.id, {.step = 2, .metrics = {{"train_loss", 5}}}), Verdict::Continue);
  EXPECT_EQ(sitting->report(first.id, {.step = 3, .metrics = {{"loss", 5}}}), Verdict::Pause);
  EXPECT_EQ(sitting.trial(0).state, TrialState::Paused);
}

TEST(AskTell, AnswersTheSameAfterAVerdict) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec());
  const AskedTrial first = sitting.ask();
  EXPECT_EQ(sitting->report(first.id, {.step = 1, .metrics = {{"loss", 1}}}), Verdict::Pause);
  const auto events = sitting.study->state().event_count();
  EXPECT_EQ(sitting->report(first.id, {.step = 2, .metrics = {{"loss", 1}}}), Verdict::Pause);
  EXPECT_EQ(sitting.study->state().event_count(), events);
}

TEST(AskTell, TakesTheEndOfATrialThatWasToPauseAndWentOn) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec());
  const AskedTrial first = sitting.ask(), second = sitting.ask();
  EXPECT_EQ(sitting->report(first.id, {.step = 1, .metrics = {{"loss", 1}}}), Verdict::Pause);
  ASSERT_TRUE(sitting->tell(first.id, {{"loss", 0.5}}));
  EXPECT_EQ(sitting.trial(0).state, TrialState::Done);
  EXPECT_EQ(sitting.trial(0).step, 27);
  ASSERT_TRUE(sitting->give_back(second.id, "interrupted"));
  const auto told = sitting->tell(second.id, {{"loss", 1}});
  ASSERT_FALSE(told) << "it is in the queue: somebody else will run it";
  EXPECT_EQ(told.error().kind, ErrorKind::Conflict);
  EXPECT_THAT(told.error().message, HasSubstr("does not run; got waiting"));
  EXPECT_EQ((*Study::open(*store, "s"))->state().trial(0).state, TrialState::Done);
}

TEST(AskTell, StopsATrialThatGivesNoNumberAtItsRung) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec());
  const AskedTrial first = sitting.ask();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(sitting->report(first.id, {.step = 1, .metrics = {{"loss", nan}}}), Verdict::Stop);
  EXPECT_EQ(sitting->report(first.id, {.step = 2, .metrics = {{"loss", 1}}}), Verdict::Stop);
  EXPECT_EQ(sitting.trial(0).state, TrialState::Stopped);
}

TEST(AskTell, LetsAProgramWithoutSnapshotsBeginAgain) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec({{"budget", {{"trials", 3}}}}));
  for (int i = 0; i < 3; ++i) ASSERT_NO_FATAL_FAILURE(train(*sitting.ask_tell, sitting.ask()));
  const AskedTrial again = sitting.ask();
  ASSERT_GT(again.step, 0);
  const auto reports = sitting.trial(again.id.trial).reports.size();
  for (std::int64_t step = 1; step <= again.step; ++step)
    EXPECT_EQ(sitting->report(again.id, {.step = step, .metrics = {{"loss", 7}}}), Verdict::Continue);
  EXPECT_EQ(sitting.trial(again.id.trial).reports.size(), reports);
  EXPECT_EQ(sitting.trial(again.id.trial).state, TrialState::Running);
}

TEST(AskTell, RefusesStepsThatDoNotGrowAndReportsOfNothing) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec({{"stop", "none"}}));
  const AskedTrial first = sitting.ask();
  ASSERT_TRUE(sitting->report(first.id, {.step = 0, .metrics = {{"loss", 3}}}));
  ASSERT_TRUE(sitting->report(first.id, {.step = 5, .metrics = {{"loss", 2}}}));
  for (const CallersReport& wrong :
       {CallersReport{.step = 5, .metrics = {{"accuracy", 1}}}, CallersReport{.step = 4, .metrics = {{"loss", 1}}},
        CallersReport{.step = -1, .metrics = {{"loss", 1}}}, CallersReport{.step = 6, .metrics = {}}}) {
    const auto verdict = sitting->report(first.id, wrong);
    ASSERT_FALSE(verdict) << wrong.step;
    EXPECT_EQ(verdict.error().kind, ErrorKind::InvalidInput);
  }
  EXPECT_EQ(sitting.trial(0).reports.size(), 2u);
}

TEST(AskTell, KeepsTheLastWordOfATrial) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec({{"stop", "none"}}));
  const AskedTrial silent = sitting.ask(), short_of_end = sitting.ask(), same = sitting.ask();
  ASSERT_TRUE(sitting->tell(silent.id, {{"loss", 1}}));
  ASSERT_TRUE(sitting->report(short_of_end.id, {.step = 20, .metrics = {{"loss", 2}}}));
  ASSERT_TRUE(sitting->tell(short_of_end.id, {{"loss", 1}, {"accuracy", 0.5}}));
  ASSERT_TRUE(sitting->report(same.id, {.step = 27, .metrics = {{"loss", 2}}}));
  ASSERT_TRUE(sitting->tell(same.id, {{"loss", 2}}));
  EXPECT_EQ(sitting.trial(0).step, 27);
  EXPECT_EQ(sitting.trial(1).step, 27);
  EXPECT_EQ(sitting.trial(1).metric("accuracy"), 0.5);
  EXPECT_EQ(sitting.trial(2).reports.size(), 1u);
}

TEST(AskTell, EndsATrialOnTheMetricsThatItReported) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec({{"stop", "none"}}));
  const AskedTrial first = sitting.ask();
  ASSERT_TRUE(sitting->report(first.id, {.step = 3, .metrics = {{"loss", 2}}}));
  ASSERT_TRUE(sitting->tell(first.id, {}));
  EXPECT_EQ(sitting.trial(0).state, TrialState::Done);
}

TEST(AskTell, RefusesAnEndWithoutTheObjectiveAndKeepsTheTrial) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec());
  const AskedTrial first = sitting.ask();
  const auto told = sitting->tell(first.id, {{"los", 0.5}});
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().kind, ErrorKind::InvalidInput);
  EXPECT_THAT(told.error().message, HasSubstr("no value of 'loss'; got los"));
  EXPECT_THAT(sitting.trial(0).reports, IsEmpty());
  EXPECT_TRUE(sitting->tell(first.id, {{"loss", 0.5}}));
}

TEST(AskTell, TakesALossThatIsNoNumberForADivergence) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec());
  for (const double loss : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    const AskedTrial asked = sitting.ask();
    ASSERT_TRUE(sitting->tell(asked.id, {{"loss", loss}}));
    EXPECT_EQ(sitting.trial(asked.id.trial).state, TrialState::Failed);
    EXPECT_EQ(sitting.trial(asked.id.trial).failure, FailureKind::Diverged);
  }
}

TEST(AskTell, RecordsFailuresAndChargesNothingForRefusals) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec({{"budget", {{"trials", 2}}}}));
  ASSERT_TRUE(sitting->tell_failed(sitting.ask().id, FailureKind::OutOfMemory, "80 GiB", {{"loss", 9}}));
  ASSERT_TRUE(sitting->tell_failed(sitting.ask().id, FailureKind::Infeasible, "too large"));
  EXPECT_EQ(sitting.trial(0).state, TrialState::Failed);
  EXPECT_EQ(sitting.trial(0).failure, FailureKind::OutOfMemory);
  EXPECT_EQ(sitting.trial(0).detail, "80 GiB");
  EXPECT_EQ(sitting.trial(1).state, TrialState::Infeasible);
  ASSERT_TRUE(sitting->tell(sitting.ask().id, {{"loss", 1}}));
  EXPECT_EQ(sitting->ask()->has_value(), false);
}

TEST(AskTell, RefusesASecondEnd) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec());
  const AskedTrial first = sitting.ask();
  ASSERT_TRUE(sitting->tell(first.id, {{"loss", 1}}));
  const auto again = sitting->tell(first.id, {{"loss", 2}});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::Conflict);
  EXPECT_THAT(again.error().message, HasSubstr("[s trial 0] the trial has ended; got done"));
  EXPECT_EQ(sitting->tell({.trial = 5}, {{"loss", 1}}).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(sitting->report(first.id, {.step = 1, .metrics = {{"loss", 1}}}).error().kind, ErrorKind::Conflict);
}

TEST(AskTell, RefusesLateWordsOfAnEarlierLeg) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec());
  const AskedTrial before = sitting.ask();
  ASSERT_TRUE(sitting->give_back(before.id, "interrupted"));
  EXPECT_EQ(sitting->report(before.id, {.step = 1, .metrics = {{"loss", 1}}}), Verdict::Pause);
  const AskedTrial after = sitting.ask();
  EXPECT_EQ(after.id.trial, before.id.trial);
  EXPECT_EQ(sitting->tell(before.id, {{"loss", 1}}).error().kind, ErrorKind::Conflict);
  EXPECT_EQ(sitting->report(before.id, {.step = 1, .metrics = {{"loss", 1}}}).error().kind, ErrorKind::Conflict);
  EXPECT_TRUE(sitting->tell({.trial = after.id.trial}, {{"loss", 1}})) << "whoever has it now is meant";
}

TEST(AskTell, GivesTheTrialsOfADeadProcessAgainFromTheirSnapshots) {
  const auto store = memory_store();
  Config without, with;
  {
    Sitting dead(*store, halving_spec({{"stop", "none"}}));
    const AskedTrial first = dead.ask(), second = dead.ask();
    without = first.config;
    with = second.config;
    ASSERT_TRUE(dead->report(first.id, {.step = 5, .metrics = {{"loss", 1}}}));
    ASSERT_TRUE(dead->report(second.id, {.step = 4, .metrics = {{"loss", 1}}, .checkpoint = "two-4.pt"}));
    ASSERT_TRUE(dead->report(second.id, {.step = 6, .metrics = {{"loss", 1}}}));
  }
  Sitting sitting(*store, halving_spec({{"stop", "none"}}));
  const auto stale = sitting->tell({.trial = 0}, {{"loss", 1}});
  EXPECT_EQ(stale.error().kind, ErrorKind::Conflict);
  const AskedTrial first = sitting.ask(), second = sitting.ask();
  EXPECT_EQ(first.config, without);
  EXPECT_EQ(first.step, 0);
  EXPECT_EQ(first.checkpoint, "");
  EXPECT_EQ(second.config, with);
  EXPECT_EQ(second.step, 4);
  EXPECT_EQ(second.checkpoint, "two-4.pt");
  EXPECT_TRUE(sitting->report(first.id, {.step = 5, .metrics = {{"loss", 1}}}));
  EXPECT_EQ(sitting.trial(0).lost_workers, 0) << "the death of the host is not an attempt";
}

TEST(AskTell, TakesTheSameDecisionsAfterAKillBetweenAnyTwoTrials) {
  const StudySpec spec = halving_spec({{"search", "gp"}, {"stop", "none"}, {"budget", {{"trials", 12}}}});
  const auto whole = memory_store();
  Sitting unbroken(*whole, spec);
  ASSERT_NO_FATAL_FAILURE(run_to_the_end(*unbroken.ask_tell, 27));
  const auto store = memory_store();
  for (int i = 0; i < 12; ++i) {
    Sitting sitting(*store, spec);
    ASSERT_NO_FATAL_FAILURE(train(*sitting.ask_tell, sitting.ask(), 27));
  }
  const auto broken = (*Study::open(*store, "s"))->state();
  for (std::int64_t i = 0; i < 12; ++i) EXPECT_EQ(broken.trial(i).config, unbroken.trial(i).config) << i;
}

TEST(AskTell, SaysNothingThatIsNotDurableAndTakesACallTwice) {
  for (const bool at_append : {true, false}) {
    const auto memory = memory_store();
    FailingStore store(*memory);
    std::atomic<bool>& fails = at_append ? store.append_fails : store.wait_fails;
    Sitting sitting(store, halving_spec());
    fails = true;
    EXPECT_EQ(sitting->ask().error().kind, ErrorKind::Io);
    EXPECT_EQ(sitting->ask().error().kind, ErrorKind::Io);
    fails = false;
    const AskedTrial first = sitting.ask();
    EXPECT_EQ(first.id.trial, 0);
    EXPECT_EQ(sitting.study->history().trials.size(), 1u);
    fails = true;
    EXPECT_EQ(sitting->report(first.id, {.step = 1, .metrics = {{"loss", 1}}}).error().kind, ErrorKind::Io);
    fails = false;
    EXPECT_EQ(sitting->report(first.id, {.step = 1, .metrics = {{"loss", 1}}}), Verdict::Pause);
    const AskedTrial second = sitting.ask();
    fails = true;
    EXPECT_EQ(sitting->tell(second.id, {{"loss", 2}}).error().kind, ErrorKind::Io);
    fails = false;
    EXPECT_TRUE(sitting->tell(second.id, {{"loss", 2}}));
    EXPECT_FALSE(sitting->tell(second.id, {{"loss", 2}}));
    const auto stored = (*Study::open(*memory, "s"))->state();
    EXPECT_EQ(stored.trial(0).state, TrialState::Paused);
    EXPECT_EQ(stored.trial(1).state, TrialState::Done);
    EXPECT_EQ(stored.event_count(), sitting.study->state().event_count());
  }
}

TEST(AskTell, GroupsReportsButNotVerdictsAndEnds) {
  const auto memory = memory_store();
  FailingStore store(*memory);
  Sitting sitting(store, halving_spec({{"stop", "none"}}), {.report_group_s = 0.1});
  const AskedTrial first = sitting.ask();
  const int before = store.waits;
  for (int step = 1; step <= 20; ++step) {
    sitting.clock.set(0.009 * step);
    ASSERT_TRUE(sitting->report(first.id, {.step = step, .metrics = {{"loss", 1}}}));
  }
  EXPECT_EQ(store.waits, before + 1);
  sitting.clock.set(10);
  ASSERT_TRUE(sitting->report(first.id, {.step = 21, .metrics = {{"loss", 1}}}));
  EXPECT_EQ(store.waits, before + 2) << "a report after a long silence does not wait for the next";
  ASSERT_TRUE(sitting->report(first.id, {.step = 22, .metrics = {{"loss", 1}}}));
  ASSERT_TRUE(sitting->tell(first.id, {}));
  EXPECT_EQ((*Study::open(*memory, "s"))->state().trial(0).state, TrialState::Done);
}

TEST(AskTell, PausesTrialsWhenTheTimeIsOverAndFinishes) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec({{"budget", {{"time", "1m"}}}, {"stop", "none"}}));
  const AskedTrial first = sitting.ask(), second = sitting.ask();
  ASSERT_TRUE(sitting->tell(second.id, {{"loss", 1}}));
  EXPECT_EQ(sitting->report(first.id, {.step = 1, .metrics = {{"loss", 1}}}), Verdict::Continue);
  sitting.clock.set(61);
  EXPECT_EQ(sitting->report(first.id, {.step = 2, .metrics = {{"loss", 1}}}), Verdict::Pause);
  EXPECT_EQ(sitting->ask()->has_value(), false);
  EXPECT_EQ(sitting.trial(0).state, TrialState::Paused) << "it waits for a larger budget";
  EXPECT_EQ(sitting.study->state().notes().at("run").at("state"), "finished");
}

TEST(AskTell, DoesNotFinishWhileATrialRuns) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec({{"budget", {{"trials", 3}}}}));
  std::vector<AskedTrial> asked{sitting.ask(), sitting.ask(), sitting.ask()};
  std::ranges::sort(asked, {}, [](const AskedTrial& trial) { return -loss_at(trial.config, 1); });
  for (int i = 0; i < 2; ++i) train(*sitting.ask_tell, asked[static_cast<std::size_t>(i)]);
  EXPECT_EQ(sitting->ask()->has_value(), false);
  EXPECT_EQ(sitting.study->history().in_state(TrialState::Paused).size(), 2u);
  ASSERT_NO_FATAL_FAILURE(train(*sitting.ask_tell, asked[2]));
  EXPECT_EQ(sitting.trial(asked[2].id.trial).state, TrialState::Done) << "it is the best, and no other comes";
  EXPECT_EQ(sitting.study->state().notes().at("run").at("state"), "running");
  ASSERT_NO_FATAL_FAILURE(run_to_the_end(*sitting.ask_tell));
  EXPECT_EQ(sitting.study->state().notes().at("run").at("state"), "finished");
}

TEST(AskTell, KeepsSnapshotsAtTheEndOfABudgetAndGoesOnFromThemUnderALargerOne) {
  const auto store = memory_store();
  std::set<std::int64_t> paused;
  const auto run = [](Sitting& sitting, const std::function<void(const AskedTrial&)>& hear) {
    for (;;) {
      const auto asked = sitting->ask();
      ASSERT_TRUE(asked) << asked.error().message;
      if (!*asked) return;
      hear(**asked);
      const std::int64_t until = sitting.trial((*asked)->id.trial).until;
      const std::int64_t step = until > 0 ? until : 27;
      const CallersReport report{.step = step,
                                 .metrics = {{"loss", loss_at((*asked)->config, step)}},
                                 .checkpoint = fmt::format("{}-{}", (*asked)->id.trial, step)};
      const auto verdict = sitting->report((*asked)->id, report);
      ASSERT_TRUE(verdict) << verdict.error().message;
      if (step == 27) {
        ASSERT_TRUE(sitting->tell((*asked)->id, {}));
      } else if (*verdict == Verdict::Continue) {
        ASSERT_TRUE(sitting->give_back((*asked)->id, "for another leg"));
      }
    }
  };
  {
    Sitting small(*store, halving_spec());
    ASSERT_NO_FATAL_FAILURE(run(small, [](const AskedTrial&) {}));
    paused = small.study->history().in_state(TrialState::Paused);
    EXPECT_EQ(paused.size(), kKeptPaused);
    const StudySpec larger = halving_spec({{"budget", {{"trials", 60}}}});
    ASSERT_TRUE(small.study->append(small.study->state().now_s(), "user", event::StudyChanged{larger.source}));
    ASSERT_TRUE(small.study->commit());
  }
  std::set<std::int64_t> resumed;
  Sitting large(*store, halving_spec({{"budget", {{"trials", 60}}}}));
  ASSERT_NO_FATAL_FAILURE(run(large, [&](const AskedTrial& asked) {
    if (asked.id.trial >= 20 || resumed.contains(asked.id.trial)) return;
    resumed.insert(asked.id.trial);
    EXPECT_GT(asked.step, 0);
    EXPECT_EQ(asked.checkpoint, fmt::format("{}-{}", asked.id.trial, asked.step));
  }));
  EXPECT_FALSE(resumed.empty()) << "more trials at a rung make more places";
  for (const std::int64_t number : resumed) EXPECT_TRUE(paused.contains(number)) << number;
}

TEST(AskTell, TriesWhatIsEnqueuedNext) {
  const auto store = memory_store();
  Sitting sitting(*store,
                  halving_spec({{"space", {{"x", {{"range", {0, 10}}}}, {"n", {{"range", {1, 9}}, {"integer", true}}}}},
                                {"constraints", {"x >= n"}},
                                {"budget", {{"trials", 3}}}}));
  const AskedTrial first = sitting.ask();
  const auto number = sitting->enqueue({{"n", std::int64_t{2}}});
  ASSERT_TRUE(number) << number.error().message;
  EXPECT_EQ(*number, 1);
  const AskedTrial wanted = sitting.ask();
  EXPECT_EQ(wanted.id.trial, 1);
  EXPECT_EQ(*wanted.config.find("n"), Value(std::int64_t{2}));
  EXPECT_GE(as_number(*wanted.config.find("x")), 2);
  EXPECT_THAT(sitting->enqueue({{"n", std::int64_t{5}}, {"x", 1.0}}).error().message, HasSubstr("x >= n"));
  EXPECT_THAT(sitting->enqueue({{"m", std::int64_t{5}}}).error().message, HasSubstr("enqueue"));
  ASSERT_TRUE(sitting->enqueue({{"x", 9.5}}));
  EXPECT_THAT(sitting->enqueue({{"x", 9.5}}).error().message, HasSubstr("3 trials"));
}

TEST(AskTell, ObeysWhatAPersonWantsFromElsewhere) {
  const auto store = memory_store();
  AskTellOptions options;
  options.commands = [&] { return store->take_commands("s"); };
  Sitting sitting(*store, halving_spec({{"stop", "none"}}), options);
  const AskedTrial first = sitting.ask(), second = sitting.ask(), third = sitting.ask();
  ASSERT_TRUE(store->post("s", {Command::StopTrial, 0}));
  ASSERT_TRUE(store->post("s", {Command::PauseTrial, 1}));
  sitting.clock.set(1);
  EXPECT_EQ(sitting->report(first.id, {.step = 1, .metrics = {{"loss", 1}}}), Verdict::Stop);
  EXPECT_EQ(sitting->report(second.id, {.step = 1, .metrics = {{"loss", 1}}}), Verdict::Pause);
  EXPECT_EQ(sitting->report(third.id, {.step = 1, .metrics = {{"loss", 1}}}), Verdict::Continue);
  ASSERT_TRUE(store->post("s", {Command::Pause}));
  sitting.clock.set(2);
  EXPECT_EQ(sitting->ask()->has_value(), false);
  EXPECT_EQ(sitting->report(third.id, {.step = 2, .metrics = {{"loss", 1}}}), Verdict::Pause);
  EXPECT_EQ(sitting->ask()->has_value(), false);
  EXPECT_EQ(sitting.study->state().notes().at("run").at("state"), "paused");
  EXPECT_EQ(sitting.trial(0).state, TrialState::Stopped);
  EXPECT_EQ(sitting.trial(1).state, TrialState::Paused);
  EXPECT_EQ(sitting.trial(2).state, TrialState::Waiting);
  Sitting next(*store, halving_spec({{"stop", "none"}}));
  EXPECT_EQ(next.ask().id.trial, 1);
  EXPECT_EQ(next.ask().id.trial, 2);
}

TEST(AskTell, ReturnsOpenTrialsToTheQueueWhenItsCallerLeaves) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec());
  sitting.ask();
  ASSERT_TRUE(sitting->close());
  EXPECT_EQ(sitting.trial(0).state, TrialState::Waiting);
  EXPECT_EQ(sitting.study->state().notes().at("run").at("state"), "paused");
  EXPECT_EQ(sitting->ask()->has_value(), false);
}

TEST(AskTell, ServesSeveralThreads) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec({{"budget", {{"trials", 400}}}}));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (;;) {
        const auto asked = sitting->ask();
        ASSERT_TRUE(asked);
        if (!*asked) return;
        train(*sitting.ask_tell, **asked);
      }
    });
  for (std::thread& thread : threads) thread.join();
  ASSERT_NO_FATAL_FAILURE(run_to_the_end(*sitting.ask_tell));
  const History history = sitting.study->history();
  EXPECT_EQ(history.trials.size(), 400u);
  EXPECT_THAT(history.in_state(TrialState::Running), IsEmpty());
  EXPECT_THAT(history.in_state(TrialState::Waiting), IsEmpty());
  EXPECT_LE(history.in_state(TrialState::Paused).size(), kKeptPaused);
  EXPECT_EQ((*Study::open(*store, "s"))->state().event_count(), history.event_count);
}

TEST(AskTell, WaitsWithItsCommitWhereTheCallerAsksForThat) {
  const auto store = memory_store();
  FailingStore counting(*store);
  Sitting sitting(counting, halving_spec(), {.commits = false});
  ASSERT_TRUE(sitting->flush());
  const int before = counting.waits;
  const AskedTrial first = sitting.ask(), second = sitting.ask();
  ASSERT_TRUE(sitting->report(first.id, {.step = 1, .metrics = {{"loss", 1}}}));
  ASSERT_TRUE(sitting->tell(second.id, {{"loss", 2}}));
  EXPECT_EQ(counting.waits, before);
  ASSERT_TRUE(sitting->flush());
  EXPECT_EQ(counting.waits, before + 1);
  EXPECT_EQ((*Study::open(*store, "s"))->state().trial(1).state, TrialState::Done);
}

TEST(AskTell, LogsWhoTookATrialAndLeavesItWithThemAfterARestart) {
  const auto store = memory_store();
  const StudySpec spec = halving_spec({{"stop", "none"}});  // a report is no rung
  AskTellOptions options{.runs_elsewhere = [](const Trial& trial) { return trial.worker == "box"; }};
  {
    Sitting sitting(*store, spec, options);
    ASSERT_TRUE(*sitting->ask({"box", 5}));
    const AskedTrial own = sitting.ask();
    ASSERT_TRUE(sitting->report({0}, {.step = 1, .metrics = {{"loss", 1}}}));
    ASSERT_TRUE(sitting->report(own.id, {.step = 1, .metrics = {{"loss", 1}}}));
  }
  const auto events = *store->read("s");
  for (const Event& event : events) {
    const auto* started = std::get_if<event::TrialStarted>(&event.what);
    if (started != nullptr && started->worker == "box") {
      EXPECT_EQ(started->lease_s, 5);
    }
    const auto* reported = std::get_if<event::TrialReported>(&event.what);
    if (reported != nullptr) {
      EXPECT_EQ(event.author, reported->trial == 0 ? "box" : kCallerAuthor);
    }
  }
  Sitting next(*store, spec, options);
  EXPECT_EQ(next.trial(0).state, TrialState::Running);
  EXPECT_EQ(next.trial(1).state, TrialState::Waiting);
  ASSERT_TRUE(next->tell({0}, {{"loss", 0.5}}));
  EXPECT_EQ(next.trial(0).state, TrialState::Done);
}

TEST(AskTell, GivesATrialThatLostItsWorkerToOthersAsOftenAsTheStudyAllows) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec({{"workers", {{"retries", 1}}}}));
  ASSERT_TRUE(sitting->lose(sitting.ask().id, "silent"));
  EXPECT_EQ(sitting.trial(0).state, TrialState::Waiting);
  const AskedTrial again = sitting.ask();
  EXPECT_EQ(again.id.trial, 0);
  ASSERT_TRUE(sitting->lose(again.id, "silent"));
  EXPECT_EQ(sitting.trial(0).state, TrialState::Failed);
  EXPECT_EQ(sitting.trial(0).failure, FailureKind::WorkerLost);
}

TEST(AskTell, ObeysAWishAboutATrialThatHasNothingToReport) {
  const auto store = memory_store();
  Sitting sitting(*store, halving_spec(), {.commands = [&] { return store->take_commands("s"); }});
  const AskedTrial asked = sitting.ask();
  ASSERT_TRUE(sitting->keep_checkpoint(asked.id, 2, "two"));
  EXPECT_EQ(*sitting->heed(asked.id), Verdict::Continue);
  ASSERT_TRUE(store->post("s", {Command::Pause, -1}));
  sitting.clock.set(1);
  EXPECT_EQ(*sitting->heed(asked.id), Verdict::Pause);
  EXPECT_EQ(sitting.trial(0).checkpoint->name, "two");
  sitting.clock.set(2);
  ASSERT_TRUE(sitting->look_around());
  EXPECT_EQ(sitting.study->state().notes().at("run").at("state"), "paused");
}

}  // namespace
}  // namespace pegbox
