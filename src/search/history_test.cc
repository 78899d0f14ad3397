// History: what may follow what in a log, and what the fold makes of it.
#include "search/history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "base/rng.h"

namespace pegbox {
namespace {

constexpr const char* kSpec = R"({"name": "s", "space": {"x": {"range": [0, 1]}, "rank": {"choice": [4, 8]}},
  "objective": {"minimize": "loss"}, "budget": {"trials": 10}, "constraints": ["memory <= 10"]})";

/// A log that grows event by event.
struct Log {
  StudyState state;
  std::uint64_t index = 0;

  explicit Log(const char* spec = kSpec) { must(event::StudyCreated{Json::parse(spec), "0.1.0"}); }

  Result<void> apply(Event::What what, double time_s = 0) {
    auto result = state.apply({index, time_s, "tuner", std::move(what)});
    index += result.has_value();
    return result;
  }
  void must(Event::What what, double time_s = 0) {
    const auto result = apply(std::move(what), time_s);
    EXPECT_TRUE(result) << result.error().message;
  }
  void create(std::int64_t trial) { must(event::TrialCreated{trial, {{"x", 0.5}}, Json{{"by", "test"}}, 9, {}}); }
  void start(std::int64_t trial, std::int64_t from = 0, std::int64_t until = 0) {
    must(event::TrialStarted{trial, "worker 1", from, until, 60});
  }
  void report(std::int64_t trial, std::int64_t step, Metrics metrics) {
    must(event::TrialReported{trial, step, std::move(metrics)});
  }
  void move(std::int64_t trial, TrialState to, std::optional<FailureKind> failure = {}) {
    must(event::TrialMoved{trial, to, state.trial(trial).step, {}, failure, "why"});
  }
};

/// All that a history shows, as text.
std::string dump(const StudyState& state) {
  const History history = state.history();
  std::string text = std::to_string(history.event_count) + " " + std::to_string(history.now_s) + " " +
                     std::to_string(history.tokens_spent) + " " + std::to_string(history.steps) + "\n";
  for (const auto& [key, value] : state.notes()) text += key + to_line(value);
  for (const Trial& trial : history.trials) {
    text += std::to_string(trial.number) + std::string(name_of(trial.state)) + trial.config.to_text() + trial.detail +
            trial.worker + std::to_string(trial.step) + " " + std::to_string(trial.until) + " " +
            std::to_string(trial.lost_workers) + (trial.failure ? std::string(name_of(*trial.failure)) : "") +
            (trial.checkpoint ? trial.checkpoint->name + std::to_string(trial.checkpoint->step) : "");
    for (const auto& [name, value] : trial.metrics) text += name + std::to_string(value);
    for (const Report& report : trial.reports) text += " " + std::to_string(report.step);
    for (const auto& [key, value] : trial.notes) text += key + to_line(value);
    text += "\n";
  }
  return text;
}

void expect_refused(Log& log, Event::What what, const std::string& part) {
  const std::string before = dump(log.state);
  const auto result = log.apply(std::move(what));
  ASSERT_FALSE(result) << part;
  EXPECT_EQ(result.error().kind, ErrorKind::Corrupt) << result.error().message;
  EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
  EXPECT_NE(result.error().message.find("event " + std::to_string(log.index)), std::string::npos)
      << result.error().message;
  EXPECT_EQ(dump(log.state), before);
}

TEST(StudyState, FollowsATrialFromItsCreationToItsEnd) {
  Log log;
  log.must(event::TrialCreated{0, {{"x", 0.5}}, Json{{"by", "gp"}}, 42, {}}, 1);
  EXPECT_EQ(log.state.trial(0).state, TrialState::Waiting);
  EXPECT_EQ(log.state.trial(0).created_s, 1);
  EXPECT_EQ(log.state.trial(0).seed, 42u);
  log.must(event::TrialStarted{0, "worker 3", 0, 100, 60}, 2);
  EXPECT_EQ(log.state.trial(0).state, TrialState::Running);
  EXPECT_EQ(log.state.trial(0).until, 100);
  EXPECT_EQ(log.state.trial(0).started_s, 2);
  EXPECT_EQ(log.state.trial(0).worker, "worker 3");
  log.must(event::TrialReported{0, 50, {{"loss", 2.0}, {"tokens", 500}}}, 3);
  log.must(event::TrialReported{0, 100, {{"loss", 1.0}}}, 4);
  EXPECT_EQ(log.state.trial(0).metrics, (Metrics{{"loss", 1.0}, {"tokens", 500}}));
  log.must(event::TrialMoved{0, TrialState::Paused, 100, CheckpointRef{0, 100, "c"}, {}, "rung"}, 5);
  EXPECT_EQ(log.state.trial(0).checkpoint->name, "c");
  EXPECT_EQ(log.state.trial(0).detail, "rung");
  log.must(event::TrialStarted{0, "worker 4", 100, 0, 60}, 6);
  EXPECT_EQ(log.state.trial(0).detail, "");
  log.must(event::TrialReported{0, 200, {{"loss", 0.5}}}, 7);
  log.must(event::TrialMoved{0, TrialState::Done, 200, {}, {}, ""}, 8);
  const History history = log.state.history();
  EXPECT_EQ(history.trials[0].state, TrialState::Done);
  EXPECT_EQ(history.trials[0].ended_s, 8);
  EXPECT_EQ(history.trials[0].reports.size(), 3u);
  EXPECT_EQ(history.trials[0].step, 200);
  EXPECT_EQ(history.now_s, 8);
  EXPECT_EQ(history.event_count, 9u);
  EXPECT_EQ(log.state.version(), "0.1.0");
  EXPECT_EQ(log.state.spec().name, "s");
}

/// Brings trial 0 into a state.
Log log_in(TrialState state) {
  Log log;
  log.create(0);
  if (state == TrialState::Waiting) return log;
  if (state != TrialState::Infeasible) log.start(0);
  if (state != TrialState::Running) log.move(0, state);
  return log;
}

TEST(StudyState, AllowsExactlyTheMovesOfItsTable) {
  using enum TrialState;
  const std::map<TrialState, std::vector<TrialState>> allowed{
      {Waiting, {Paused, Stopped, Failed, Infeasible}},
      {Running, {Waiting, Paused, Done, Stopped, Failed, Infeasible}},
      {Paused, {Waiting, Stopped, Failed}},
  };
  for (int i = 0; i < 7; ++i) {
    for (int j = 0; j < 7; ++j) {
      const auto from = static_cast<TrialState>(i), to = static_cast<TrialState>(j);
      Log log = log_in(from);
      ASSERT_EQ(log.state.trial(0).state, from);
      const auto found = allowed.find(from);
      const bool is_allowed =
          found != allowed.end() && std::find(found->second.begin(), found->second.end(), to) != found->second.end();
      const event::TrialMoved moved{0, to, 0, {}, {}, ""};
      if (!is_allowed) {
        expect_refused(log, moved, "cannot move from");
        continue;
      }
      log.must(moved);
      EXPECT_EQ(log.state.trial(0).state, to);
    }
  }
}

TEST(StudyState, StartsWhatHasNotEndedAndReportsWhatRuns) {
  for (int i = 0; i < 7; ++i) {
    const auto state = static_cast<TrialState>(i);
    Log reporting = log_in(state), starting = log_in(state), noting = log_in(state);
    const event::Note checkpoint{0, "checkpoint", Json{{"step", 1}, {"name", "c"}}};
    if (state == TrialState::Running) {
      reporting.report(0, 1, {});
      noting.must(checkpoint);
    } else {
      expect_refused(reporting, event::TrialReported{0, 1, {}}, "does not run");
      expect_refused(noting, checkpoint, "does not run");
    }
    if (is_final(state))
      expect_refused(starting, event::TrialStarted{0, "w", 0, 0, 0}, "after its end");
    else
      starting.start(0);
  }
}

TEST(StudyState, RefusesWhatCannotFollow) {
  Log log;
  log.create(0);
  expect_refused(log, event::StudyCreated{Json::parse(kSpec), ""}, "created twice");
  expect_refused(log, event::TrialCreated{0, {}, {}, 1, {}}, "a trial out of order");
  expect_refused(log, event::TrialCreated{2, {}, {}, 1, {}}, "a trial out of order");
  expect_refused(log, event::TrialCreated{1, {}, {}, 1, CheckpointRef{5, 0, "c"}}, "no such trial");
  expect_refused(log, event::TrialStarted{1, "w", 0, 0, 0}, "no such trial");
  expect_refused(log, event::TrialStarted{-1, "w", 0, 0, 0}, "no such trial");
  expect_refused(log, event::TrialStarted{0, "w", -1, 0, 0}, "from -1");
  expect_refused(log, event::TrialStarted{0, "w", 100, 100, 0}, "until 100");
  expect_refused(log, event::TrialReported{1, 1, {}}, "no such trial");
  expect_refused(log, event::TrialMoved{1, TrialState::Stopped, 0, {}, {}, ""}, "no such trial");
  expect_refused(log, event::TrialMoved{0, TrialState::Stopped, -1, {}, {}, ""}, "step -1");
  expect_refused(log, event::Note{3, "k", 1}, "no such trial");
  expect_refused(log, event::StudyChanged{Json::parse("{}")}, "cannot be read");
  expect_refused(log, event::Note{{}, "described", Json{{"limits", {{"memory", 3}}}}}, "not a text");
  log.start(0);
  log.report(0, 10, {});
  expect_refused(log, event::TrialReported{0, 10, {}}, "step 10 after step 10");
  expect_refused(log, event::TrialReported{0, 9, {}}, "step 9 after step 10");
  expect_refused(log, event::Note{0, "checkpoint", Json{{"step", 5}}}, "checkpoint without");
}

TEST(StudyState, RefusesEventsOutOfOrderOrWithoutATime) {
  StudyState state;
  const Event note{0, 0, "user", event::Note{{}, "k", 1}};
  EXPECT_FALSE(state.apply(note)) << "the first event must create the study";
  EXPECT_FALSE(state.apply({0, std::nan(""), "", event::StudyCreated{Json::parse(kSpec), ""}}));
  EXPECT_FALSE(state.apply({0, -1, "", event::StudyCreated{Json::parse(kSpec), ""}}));
  EXPECT_FALSE(state.apply({1, 0, "", event::StudyCreated{Json::parse(kSpec), ""}}));
  EXPECT_TRUE(state.apply({0, 0, "", event::StudyCreated{Json::parse(kSpec), ""}}));
  EXPECT_FALSE(state.apply(note));
  EXPECT_FALSE(state.apply({2, 0, "user", note.what}));
  EXPECT_TRUE(state.apply({1, 0, "user", note.what}));
  EXPECT_EQ(state.event_count(), 2u);
}

TEST(StudyState, TakesBackWhatALostWorkerReportedBeyondItsCheckpoint) {
  Log log;
  log.create(0);
  log.start(0, 0, 400);
  log.report(0, 100, {{"loss", 4}, {"tokens", 1000}, {"early", 1}});
  log.must(event::Note{0, "checkpoint", Json{{"step", 150}, {"name", "a"}}});
  log.report(0, 200, {{"loss", 3}, {"tokens", 2000}, {"late", 1}});
  log.report(0, 300, {{"loss", 2}, {"tokens", 3000}});
  EXPECT_EQ(log.state.history().tokens_spent, 3000);
  log.move(0, TrialState::Waiting, FailureKind::WorkerLost);
  EXPECT_EQ(log.state.trial(0).lost_workers, 1);
  EXPECT_EQ(log.state.trial(0).reports.size(), 3u) << "taken back only when it starts again";
  log.start(0, 150, 400);
  const Trial& trial = log.state.trial(0);
  EXPECT_EQ(trial.reports.size(), 1u);
  EXPECT_EQ(trial.step, 100);
  EXPECT_EQ(trial.metrics, (Metrics{{"loss", 4}, {"tokens", 1000}, {"early", 1}}));
  EXPECT_EQ(trial.checkpoint->name, "a");
  EXPECT_FALSE(trial.failure);
  log.report(0, 200, {{"loss", 3}, {"tokens", 2000}});
  EXPECT_EQ(log.state.history().tokens_spent, 3500)
      << "1500 from the checkpoint to 3000 were lost, 500 were done again";
  log.report(0, 300, {{"loss", 2}, {"tokens", 3000}});
  EXPECT_EQ(log.state.history().tokens_spent, 4500);
  log.start(0, 0, 400);
  EXPECT_EQ(log.state.trial(0).reports.size(), 0u);
  EXPECT_EQ(log.state.trial(0).step, 0);
  EXPECT_FALSE(log.state.trial(0).checkpoint) << "a checkpoint beyond the start was lost too";
  EXPECT_TRUE(log.state.trial(0).metrics.empty());
  log.report(0, 0, {{"tokens", 0}});
  log.report(0, 400, {{"tokens", 4000}});
  EXPECT_EQ(log.state.history().tokens_spent, 8500);
}

TEST(StudyState, KeepsTheReportOfTheStepFromWhichALegStarts) {
  Log log;
  log.create(0);
  log.start(0);
  for (const std::int64_t step : {100, 200, 300}) log.report(0, step, {{"loss", 1.0 / static_cast<double>(step)}});
  log.start(0, 200);
  EXPECT_EQ(log.state.trial(0).step, 200);
  EXPECT_EQ(log.state.trial(0).reports.size(), 2u);
}

TEST(StudyState, CountsTokensOnceWhereACounterFallsBack) {
  Log log;
  log.create(0);
  log.start(0);
  log.report(0, 1, {{"tokens", 100}});
  log.report(0, 2, {{"tokens", 90}});
  log.report(0, 3, {{"tokens", 110}});
  log.report(0, 4, {{"tokens", std::nan("")}});
  EXPECT_EQ(log.state.history().tokens_spent, 110);
}

TEST(StudyState, GoesOnAtARungWithoutTakingAnythingBack) {
  Log log;
  log.create(0);
  log.start(0, 0, 100);
  log.report(0, 100, {{"loss", 1}, {"tokens", 10}});
  log.start(0, 100, 300);
  EXPECT_EQ(log.state.trial(0).reports.size(), 1u);
  EXPECT_EQ(log.state.trial(0).until, 300);
  log.report(0, 300, {{"loss", 1}, {"tokens", 30}});
  EXPECT_EQ(log.state.history().tokens_spent, 30);
}

TEST(StudyState, CountsLostWorkersButNotLostHosts) {
  Log log;
  log.create(0);
  log.start(0);
  log.move(0, TrialState::Waiting);
  EXPECT_EQ(log.state.trial(0).lost_workers, 0);
  log.start(0);
  log.move(0, TrialState::Waiting, FailureKind::WorkerLost);
  log.start(0);
  log.move(0, TrialState::Failed, FailureKind::WorkerLost);
  EXPECT_EQ(log.state.trial(0).lost_workers, 2);
  EXPECT_EQ(log.state.trial(0).failure, FailureKind::WorkerLost);
}

TEST(StudyState, KnowsWhyATrialFailedWhereNobodySaid) {
  EXPECT_EQ(log_in(TrialState::Failed).state.trial(0).failure, FailureKind::Error);
  EXPECT_EQ(log_in(TrialState::Infeasible).state.trial(0).failure, FailureKind::Infeasible);
  EXPECT_FALSE(log_in(TrialState::Done).state.trial(0).failure);
}

TEST(StudyState, StartsACloneFromItsParentsSnapshot) {
  Log log;
  log.create(0);
  log.start(0);
  log.report(0, 100, {{"tokens", 1000}});
  log.must(event::TrialCreated{1, {{"x", 0.25}}, {}, 2, CheckpointRef{0, 100, "c"}});
  log.must(event::TrialCreated{2, {{"x", 0.25}}, {}, 2, CheckpointRef{0, 100, "c"}});
  EXPECT_EQ(log.state.trial(1).checkpoint->trial, 0);
  EXPECT_EQ(log.state.trial(1).clone_of->step, 100);
  EXPECT_EQ(log.state.trial(1).step, 100) << "that is where it stands";
  log.start(1, 100);
  log.report(1, 150, {{"tokens", 1500}});
  EXPECT_EQ(log.state.history().tokens_spent, 1500) << "its counter went on from its parent's";
  log.start(2, 100);
  log.report(2, 150, {{"tokens", 500}});
  log.report(2, 200, {{"tokens", 1000}});
  EXPECT_EQ(log.state.history().tokens_spent, 2500) << "its counter began at zero";
}

TEST(StudyState, TakesTheLengthOfATrialFromTheStudyFileOrTheDescription) {
  Log log;
  EXPECT_EQ(log.state.history().steps, 0);
  log.must(event::Note{{}, "described", Json{{"values", {{"steps", 500}}}, {"limits", Json::object()}}});
  EXPECT_EQ(log.state.history().steps, 500);
  Json changed = Json::parse(kSpec);
  changed["steps"] = 300;
  log.must(event::StudyChanged{changed});
  EXPECT_EQ(log.state.history().steps, 300);
}

TEST(StudyState, EvaluatesDescribedLimitsAlsoAfterTheStudyFileChanged) {
  Log log;
  const Config large{{"x", 0.5}, {"rank", std::int64_t{8}}};
  const auto violated = [&] { return log.state.history().constraints.violated(large)->value_or(""); };
  EXPECT_EQ(violated(), "");
  log.must(event::Note{{}, "described", Json{{"values", {{"base", 4}}}, {"limits", {{"memory", "base * rank"}}}}});
  EXPECT_EQ(violated(), "memory <= 10 (memory = 32)");
  Json changed = Json::parse(kSpec);
  changed["constraints"] = Json{"memory <= 20"};
  log.must(event::StudyChanged{changed});
  EXPECT_EQ(violated(), "memory <= 20 (memory = 32)");
  changed["space"].erase("rank");
  log.must(event::StudyChanged{changed});
  EXPECT_FALSE(log.state.notes().contains("described")) << "its limits are about a hyperparameter that is gone";
  EXPECT_EQ(violated(), "");
}

TEST(StudyState, ForgetsTheDescriptionOfAnotherJob) {
  Log log;
  log.must(event::Note{{}, "described", Json{{"values", {{"steps", 400}}}, {"limits", Json::object()}}});
  EXPECT_EQ(log.state.history().steps, 400);
  Json changed = Json::parse(kSpec);
  changed["budget"] = Json{{"trials", 99}};
  log.must(event::StudyChanged{changed});
  EXPECT_TRUE(log.state.notes().contains("described")) << "a larger budget changes nothing about the job";
  changed["trial"] = Json{{"command", "other"}};
  log.must(event::StudyChanged{changed});
  EXPECT_FALSE(log.state.notes().contains("described"));
  EXPECT_EQ(log.state.history().steps, 0);
}

TEST(StudyState, RefusesALimitThatCannotBeEvaluatedAsTheWorkersMistake) {
  Log log;
  const std::string before = dump(log.state);
  const auto result = log.apply(event::Note{{}, "described", Json{{"limits", {{"memory", "rnk * 2"}}}}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::InvalidInput);
  EXPECT_NE(result.error().message.find("rnk"), std::string::npos) << result.error().message;
  EXPECT_EQ(dump(log.state), before);
}

TEST(StudyState, TakesValuesThatATrialChoosesOnItsWay) {
  Log log;
  log.create(0);
  log.must(event::Note{0, "config", Json{{"rank", 8}}});  // while it waits
  log.start(0);
  log.must(event::Note{0, "config", Json{{"x", 0.25}}});
  EXPECT_EQ(log.state.trial(0).config, (Config{{"x", 0.25}, {"rank", std::int64_t{8}}}));
  EXPECT_TRUE(log.state.trial(0).notes.empty());
  log.must(event::TrialMoved{0, TrialState::Done, 0, {}, {}, {}});
  EXPECT_FALSE(log.apply(event::Note{0, "config", Json{{"x", 0.5}}}));
  log.create(1);
  EXPECT_FALSE(log.apply(event::Note{1, "config", Json{{"x", Json::array()}}}));
}

TEST(StudyState, KeepsNotesOfTheStudyAndOfTrials) {
  Log log;
  log.create(0);
  log.must(event::Note{{}, "owner", "me"});
  log.must(event::Note{{}, "owner", "you"});
  log.must(event::Note{0, "probe", Json{{"bytes", 5}}});
  EXPECT_EQ(log.state.notes().at("owner"), "you");
  EXPECT_EQ(log.state.trial(0).notes.at("probe")["bytes"], 5);
}

Event::What random_step(Rng& rng, std::int64_t trials) {
  const auto trial = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(trials) + 1));
  const auto step = static_cast<std::int64_t>(rng.below(30));
  switch (rng.below(6)) {
    case 0:
      return event::TrialCreated{trial, {{"x", 0.5}}, {}, 1, {}};
    case 1:
      return event::TrialStarted{trial, "w", step / 2, step, 0};
    case 2:
      return event::Note{trial, "checkpoint", Json{{"step", step}, {"name", "c"}}};
    case 3:
      return event::TrialMoved{trial, static_cast<TrialState>(rng.below(7)), step, {}, {}, ""};
    default:
      return event::TrialReported{trial, step, {{"loss", rng.uniform()}, {"tokens", 10.0 * step}}};
  }
}

void expect_consistent(const History& history) {
  std::array<std::set<std::int64_t>, 7> states;
  for (const Trial& trial : history.trials) {
    states[static_cast<std::size_t>(trial.state)].insert(trial.number);
    std::int64_t last = -1;
    Metrics latest;
    for (const Report& report : trial.reports) {
      ASSERT_GT(report.step, last);
      last = report.step;
      for (const auto& [name, value] : report.metrics) latest[name] = value;
    }
    ASSERT_EQ(trial.step, last >= 0 ? last : trial.clone_of ? trial.clone_of->step : 0);
    ASSERT_EQ(trial.metrics, latest);
  }
  for (std::size_t state = 0; state < states.size(); ++state)
    ASSERT_EQ(history.in_state(static_cast<TrialState>(state)), states[state]);
}

TEST(StudyState, StaysConsistentUnderAnyEventsAndUnchangedByThoseItRefuses) {
  Rng rng({1, stream_id("fold")});
  int applied = 0, refused = 0;
  for (int round = 0; round < 100; ++round) {
    Log log;
    double spent = 0;
    for (int i = 0; i < 200; ++i) {
      const std::string before = dump(log.state);
      if (!log.apply(random_step(rng, std::min<std::int64_t>(4, static_cast<std::int64_t>(log.index))))) {
        ASSERT_EQ(dump(log.state), before);
        ++refused;
        continue;
      }
      ++applied;
      expect_consistent(log.state.history());
      ASSERT_GE(log.state.history().tokens_spent, spent);
      spent = log.state.history().tokens_spent;
    }
  }
  EXPECT_GT(applied, 2000);
  EXPECT_GT(refused, 2000);
}

TEST(StudyState, CopiesAreSnapshots) {
  Log log;
  log.create(0);
  const StudyState copy = log.state;
  const std::string before = dump(copy);
  log.start(0);
  log.create(1);
  EXPECT_EQ(dump(copy), before);
  EXPECT_EQ(copy.history().trials.size(), 1u);
  EXPECT_NE(dump(log.state), before);
}

TEST(StudyState, KeepsTheGreatestTime) {
  Log log;
  log.must(event::Note{{}, "a", 1}, 5);
  log.must(event::Note{{}, "b", 1}, 3);
  EXPECT_EQ(log.state.now_s(), 5);
}

}  // namespace
}  // namespace pegbox
