// What every stopping rule keeps to: a test for each row of the table.
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "search/history_for_test.h"
#include "search/schedulers/table.h"

namespace pegbox {
namespace {

/// What stands after `stop:`, with the options that the rule cannot do without.
std::string stop_entry(const std::string& names) {
  if (names == "combined") return R"(["divergence", "asha", {"name": "patience", "reports": 3}])";
  Json entry = {{"name", names}};
  for (const SchedulerRow& row : scheduler_table())
    if (row.name == names && !row.example.empty()) entry.update(*parse_json(row.example, names));
  return to_line(entry);
}

struct SchedulerConformance : testing::TestWithParam<std::string> {
  std::string file(const std::string& rest) const {
    return R"({"space": {"x": {"range": [0, 1]}}, "stop": )" + stop_entry(GetParam()) + rest + "}";
  }
  static std::unique_ptr<Scheduler> make(const HistoryForTest& study) {
    auto made = make_scheduler(study.spec());
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
};

const Trial& trial_of(const HistoryForTest& study, std::int64_t number) {
  return study.history().trials[static_cast<std::size_t>(number)];
}

/// A noisy curve that falls, of a level that depends on the trial; one trial in ten diverges.
Metrics measure(std::int64_t trial, std::int64_t step, Rng& rng) {
  const double level = Rng({0, stream_id("level"), static_cast<std::uint64_t>(trial)}).uniform();
  const double loss = level + 4 * (1 - static_cast<double>(step) / 100) + 0.1 * rng.uniform();
  return {{"loss", trial % 10 == 9 ? std::nan("") : loss}, {"size", level + 0.1 * rng.uniform()}};
}

/// Runs a study of some workers with such curves until `trials` were made and nothing more can be done; returns what
/// was decided, in order. Checks what must hold at every decision.
std::vector<std::string> play(HistoryForTest& study, Scheduler& scheduler, std::uint64_t seed, int trials,
                              bool fresh_each_time = false) {
  Rng rng({seed, stream_id("scheduler conformance"), 0});
  std::vector<std::string> decisions;
  std::vector<std::int64_t> running;
  const auto asked = [&]() -> std::unique_ptr<Scheduler> {
    return fresh_each_time ? std::move(*make_scheduler(study.spec())) : nullptr;
  };
  for (;;) {
    const auto fresh = asked();
    Scheduler& rule = fresh ? *fresh : scheduler;
    if (running.size() < 4) {
      if (const auto promotion = rule.next_to_resume(study.history())) {
        const Trial& trial = trial_of(study, promotion->trial);
        EXPECT_EQ(trial.state, TrialState::Paused);
        EXPECT_TRUE(promotion->until == 0 || promotion->until > trial.step);
        decisions.push_back("resume " + std::to_string(promotion->trial) + " until " +
                            std::to_string(promotion->until));
        study.start(promotion->trial, promotion->until);
        running.push_back(promotion->trial);
        continue;
      }
      if (std::ssize(study.history().trials) < trials) {
        const std::int64_t number = study.create(Config{{"x", 0.5}});
        study.start(number, rule.next_rung(study.history(), trial_of(study, number)));
        running.push_back(number);
        continue;
      }
      if (running.empty()) return decisions;
    }
    const std::size_t i = rng.below(running.size());
    const std::int64_t number = running[i];
    const Trial& trial = trial_of(study, number);
    const std::int64_t until = trial.until;
    study.report(number, until == 0 ? 100 : until, measure(number, until == 0 ? 100 : until, rng));
    const Ruling ruling = until == 0 ? Ruling(Verdict::Stop, "end") : rule.on_reached(study.history(), trial);
    const Verdict verdict = ruling.verdict;
    EXPECT_EQ(ruling.why.empty(), verdict == Verdict::Continue) << "a trial that does not go on is told why";
    if (until != 0) decisions.push_back(std::to_string(number) + ": " + std::to_string(static_cast<int>(verdict)));
    if (verdict == Verdict::Continue) {
      const std::int64_t next = rule.next_rung(study.history(), trial);
      EXPECT_TRUE(next == 0 || next > trial.step);
      EXPECT_LT(next, 100) << "the end is not a rung";
      study.start(number, next);
      continue;
    }
    study.move(number, until == 0                  ? TrialState::Done
                       : verdict == Verdict::Pause ? TrialState::Paused
                                                   : TrialState::Stopped);
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

TEST_P(SchedulerConformance, PlaysAStudyToItsEndWithATrialAtFullLength) {
  HistoryForTest study(file(R"(, "steps": 100, "budget": {"trials": 40})"));
  const auto scheduler = make(study);
  play(study, *scheduler, 1, 40);
  EXPECT_FALSE(study.history().in_state(TrialState::Done).empty());
  EXPECT_TRUE(study.history().in_state(TrialState::Running).empty());
}

TEST_P(SchedulerConformance, DecidesTheSameFromTheSameHistoryWhateverItDecidedBefore) {
  HistoryForTest one(file(R"(, "steps": 100)")), other(file(R"(, "steps": 100)"));
  const auto scheduler = make(one), unused = make(other);
  EXPECT_EQ(play(one, *scheduler, 7, 30), play(other, *unused, 7, 30, true));
}

TEST_P(SchedulerConformance, TakesSeveralObjectives) {
  HistoryForTest study(
      file(R"(, "steps": 100, "budget": {"trials": 30}, "objective": [{"minimize": "loss"}, {"maximize": "size"}])"));
  const auto scheduler = make(study);
  play(study, *scheduler, 3, 30);
  EXPECT_FALSE(study.history().in_state(TrialState::Done).empty());
}

TEST_P(SchedulerConformance, RunsTrialsToTheirEndWhereTheLengthIsUnknown) {
  HistoryForTest study(file(""));
  const auto scheduler = make(study);
  EXPECT_EQ(scheduler->next_rung(study.history(), trial_of(study, study.create(Config{{"x", 0.5}}))), 0);
  EXPECT_FALSE(scheduler->next_to_resume(study.history()));
  const bool is_content = GetParam() == "auto" || GetParam() == "none";
  EXPECT_EQ(scheduler->objection(study.history()).empty(), is_content) << "a rule without effect is not silent";
}

TEST_P(SchedulerConformance, HasNothingToDoInAnEmptyStudy) {
  const HistoryForTest study(file(R"(, "steps": 1)"));
  const auto scheduler = make(study);
  EXPECT_EQ(scheduler->next_rung(study.history(), Trial{}), 0) << "one step cannot be divided";
  EXPECT_FALSE(scheduler->next_to_resume(study.history()));
}

TEST_P(SchedulerConformance, SparesTheOnlyTrial) {
  HistoryForTest study(file(R"(, "steps": 100)"));
  const auto scheduler = make(study);
  const std::int64_t number = study.create(Config{{"x", 0.5}});
  const std::int64_t rung = scheduler->next_rung(study.history(), trial_of(study, number));
  study.start(number, rung);
  if (rung == 0) return;
  study.report(number, rung, 5);
  EXPECT_NE(scheduler->on_reached(study.history(), trial_of(study, number)).verdict, Verdict::Stop);
}

std::vector<std::string> names() {
  std::vector<std::string> names{"auto", "combined"};
  for (const SchedulerRow& row : scheduler_table()) names.emplace_back(row.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Table, SchedulerConformance, testing::ValuesIn(names()),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace pegbox
