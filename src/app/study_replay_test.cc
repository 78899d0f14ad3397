// StudyReplay: no difference for what was decided, whatever happened meanwhile; and every planted one is found.
#include "app/study_replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "search/ask_tell.h"
#include "search/executors/simulated_executor.h"
#include "search/samplers/table.h"
#include "search/schedulers/table.h"
#include "search/study_kit_for_test.h"
#include "search/tuner.h"

namespace pegbox {
namespace {

using testing::HasSubstr;

SimulatedTrial course_of(const Launch& launch) {
  const double x = as_number(*launch.config.find("x"));
  SimulatedTrial trial;
  trial.length = 27;
  trial.seconds_per_step = 1 + x / 7;
  trial.curve = [x](std::int64_t step) -> Metrics {
    return {{"loss", std::abs(x - 3) + 1 / static_cast<double>(step)}, {"tokens", 100.0 * static_cast<double>(step)}};
  };
  trial.fails_at = launch.trial == 3 ? 2 : 0;
  return trial;
}

Result<RunResult> sit(Store& store, const StudySpec& spec, TunerOptions options = {}) {
  auto study = Study::open(store, spec.name);
  if (!study) study = Study::create(store, spec);
  if (!study) return tl::make_unexpected(study.error());
  PEGBOX_TRY(const auto sampler, make_sampler(spec));
  PEGBOX_TRY(const auto scheduler, make_scheduler(spec));
  Director director(*sampler, *scheduler);
  SimulatedExecutor simulated(course_of, 4, (*study)->state().now_s());
  return Tuner(**study, director, simulated, std::move(options)).run();
}

std::vector<Event> log_of(const StudySpec& spec) {
  const auto store = memory_store();
  const auto run = sit(*store, spec);
  EXPECT_TRUE(run) << run.error().message;
  return *store->read("s");
}

Replayed replayed(const std::vector<Event>& events) {
  const auto found = replay_study(events);
  EXPECT_TRUE(found) << found.error().message;
  return found.value_or(Replayed{});
}

void expect_no_difference(const std::vector<Event>& events) {
  const Replayed found = replayed(events);
  EXPECT_EQ(found.differences, 0) << found.first->event << " " << found.first->decision << "\n"
                                  << found.first->recorded << "\n"
                                  << found.first->decided;
  EXPECT_GT(found.configurations, 0);
}

/// The first event of a kind for which `is_it`; changed by `change`.
template <class What, class IsIt, class Change>
std::pair<std::vector<Event>, std::uint64_t> planted(std::vector<Event> events, IsIt is_it, Change change) {
  for (Event& event : events)
    if (auto* what = std::get_if<What>(&event.what); what != nullptr && is_it(*what)) {
      change(*what);
      return {events, event.index};
    }
  ADD_FAILURE() << "there is no such event";
  return {events, 0};
}

void expect_found(const std::pair<std::vector<Event>, std::uint64_t>& log, const std::string& decision) {
  const Replayed found = replayed(log.first);
  ASSERT_TRUE(found.first) << decision;
  EXPECT_EQ(found.first->event, log.second) << found.first->decision;
  EXPECT_THAT(found.first->decision, HasSubstr(decision));
  EXPECT_NE(found.first->recorded, found.first->decided);
}

TEST(StudyReplay, DecidesWhatWasDecided) {
  for (const Json& changes :
       std::vector<Json>{{{"search", "random"}},
                         {{"search", "gp"}, {"budget", {{"trials", 14}}}},
                         {{"search", {{"name", "pbt"}, {"population", 5}, {"interval", 3}}}, {"stop", "auto"}},
                         {{"search", "bohb"}, {"stop", "auto"}},
                         {{"stop", {"median", {{"name", "patience"}, {"reports", 5}}}}},
                         {{"try_first", {{{"x", 9.0}}, {{"x", 3.0}}}}, {"constraints", {"x <= 8"}}},
                         {{"budget", {{"time", "2m"}}}},
                         {{"budget", {{"tokens", 20000}}}},
                         {{"space", {{"x", {{"choice", {1, 2, 3, 4, 5}}, {"ordered", true}}}}}, {"search", "grid"}}}) {
    SCOPED_TRACE(changes.dump());
    expect_no_difference(log_of(small_study(changes)));
  }
}

TEST(StudyReplay, CountsItsDecisions) {
  const auto events = log_of(small_study());
  const Replayed found = replayed(events);
  EXPECT_EQ(found.configurations, 20);
  EXPECT_GE(found.legs, 20);
  EXPECT_GT(found.verdicts, 20) << "every trial but the failed one came to a rung";
  EXPECT_EQ(found.ends, 2) << "why it ended, and what became of the paused ones";
}

TEST(StudyReplay, OfAStudyThatWasKilledAndWentOnAndGotALargerBudget) {
  const StudySpec spec = small_study({{"search", "gp"}, {"budget", {{"trials", 10}}}});
  const auto store = memory_store();
  for (const int kill : {5, 9, 14}) {
    FailingStore failing(*store);
    failing.fails_at = kill;
    EXPECT_FALSE(sit(failing, spec));
  }
  ASSERT_TRUE(sit(*store, spec));
  const StudySpec larger = small_study({{"search", "gp"}, {"budget", {{"trials", 16}}}});
  {
    const auto study = *Study::open(*store, "s");
    ASSERT_TRUE(study->append(study->state().now_s(), "user", event::StudyChanged{larger.source}));
    ASSERT_TRUE(study->commit());
  }
  ASSERT_TRUE(sit(*store, larger));
  const auto events = *store->read("s");
  expect_no_difference(events);
  EXPECT_EQ(replayed(events).configurations, 16);
}

TEST(StudyReplay, OfAStudyThatAPersonPausedAndWentOnWith) {
  const StudySpec spec = small_study();
  const auto store = memory_store();
  int asked = 0;
  TunerOptions options;
  options.command_poll_s = 0;
  options.commands = [&]() -> Result<std::vector<PostedCommand>> {
    ++asked;
    if (asked == 20) return std::vector<PostedCommand>{{Command::StopTrial, 1}, {Command::PauseTrial, 2}};
    if (asked == 60) return std::vector<PostedCommand>{{Command::Pause, -1}};
    return std::vector<PostedCommand>{};
  };
  ASSERT_EQ(sit(*store, spec, options)->outcome, Outcome::Paused);
  ASSERT_TRUE(sit(*store, spec));
  expect_no_difference(*store->read("s"));
}

TEST(StudyReplay, OfAStudyThatIsAskedAndTold) {
  const StudySpec spec = small_study({{"search", "gp"}, {"budget", {{"trials", 12}}}});
  const auto store = memory_store();
  const auto study = *Study::create(*store, spec);
  const auto sampler = *make_sampler(spec);
  const auto scheduler = *make_scheduler(spec);
  Director director(*sampler, *scheduler);
  ManualClock clock;
  AskTell ask_tell(*study, director, clock, {.report_group_s = 0});
  ASSERT_TRUE(ask_tell.begin());
  ASSERT_TRUE(ask_tell.enqueue(Config{{"x", 4.0}}));
  for (int turn = 0;; ++turn) {
    const auto asked = *ask_tell.ask();
    if (!asked) break;
    Verdict verdict = Verdict::Continue;
    for (std::int64_t step = asked->step + 1; step <= 27 && verdict == Verdict::Continue; ++step)
      verdict = *ask_tell.report(asked->id, {.step = step, .metrics = {{"loss", as_number(*asked->config.find("x"))}}});
    const bool is_disobeyed = verdict == Verdict::Pause && turn == 7;
    if (verdict != Verdict::Continue && !is_disobeyed) continue;
    ASSERT_TRUE(ask_tell.tell(asked->id, {{"loss", 1}}));
  }
  expect_no_difference(*store->read("s"));
}

TEST(StudyReplay, FindsAnotherConfiguration) {
  const auto is_fifth = [](const event::TrialCreated& what) { return what.trial == 5; };
  for (const char* search : {"random", "gp"}) {
    const auto events = log_of(small_study({{"search", search}, {"budget", {{"trials", 12}}}}));
    expect_found(planted<event::TrialCreated>(events, is_fifth, [](auto& what) { what.config.set("x", 3.25); }),
                 "the configuration of trial 5");
    expect_found(planted<event::TrialCreated>(events, is_fifth, [](auto& what) { what.reason["by"] = "luck"; }),
                 "the configuration of trial 5");
    expect_found(planted<event::TrialCreated>(events, is_fifth, [](auto& what) { ++what.seed; }),
                 "the configuration of trial 5");
  }
}

TEST(StudyReplay, FindsAnotherLegAndAnotherVerdict) {
  const auto events = log_of(small_study());
  expect_found(
      planted<event::TrialStarted>(
          events, [](const event::TrialStarted& what) { return what.trial == 7; }, [](auto& what) { what.until = 5; }),
      "that trial 7 runs next");
  std::int64_t rests = -1;  // a trial that is paused at a rung and never goes on
  for (const Event& event : events)
    if (const auto* moved = std::get_if<event::TrialMoved>(&event.what))
      rests = moved->to == TrialState::Paused ? moved->trial : rests;
  expect_found(planted<event::TrialMoved>(
                   events, [&](const event::TrialMoved& what) { return what.trial == rests; },
                   [](auto& what) { what.detail = "paused at step 1: luck"; }),
               "what becomes of trial");
  expect_found(
      planted<event::TrialMoved>(
          events, [](const event::TrialMoved& what) { return what.detail.ends_with("others keep their checkpoints"); },
          [](auto& what) { what.detail = kBudgetSpent; }),
      "what becomes of trials when the budget is spent");
  expect_found(planted<event::Note>(
                   log_of(small_study({{"stop", "none"}})),
                   [](const event::Note& what) { return what.value.value("state", "") == "finished"; },
                   [](auto& what) { what.value["reason"] = "luck"; }),
               "why the run ended");
}

/// A loss that was made better afterwards: the verdicts that followed from the true one do not follow from it.
TEST(StudyReplay, FindsAnEditedObservation) {
  auto events = log_of(small_study());
  for (Event& event : events)
    if (auto* reported = std::get_if<event::TrialReported>(&event.what)) reported->metrics["loss"] *= -1;
  const Replayed found = replayed(events);
  EXPECT_GT(found.differences, 0);
  EXPECT_GT(found.decisions(), found.differences);
}

TEST(StudyReplay, SaysThatALogIsDamaged) {
  auto events = log_of(small_study());
  events.erase(events.begin() + 5);
  const auto found = replay_study(events);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::Corrupt);
}

}  // namespace
}  // namespace pegbox
