// HistoryForTest: real histories for tests, folded from events as a study's are.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "search/history.h"
#include "search/sampler.h"

namespace pegbox {

class HistoryForTest {
 public:
  /// `study`: members of a study file as JSON; name, trial, objective (minimize loss) and budget (1,000,000 trials) may
  /// be left out.
  explicit HistoryForTest(std::string_view study) {
    auto parsed = parse_json(study, "test");
    if (!parsed) {
      ADD_FAILURE() << parsed.error().message;
      return;
    }
    Json spec = {{"name", "test"},
                 {"trial", {{"command", "true"}}},
                 {"objective", {{"minimize", "loss"}}},
                 {"budget", {{"trials", 1'000'000}}}};
    for (const auto& [key, value] : parsed->items()) spec[key] = value;
    apply(event::StudyCreated{spec, "test"});
  }

  std::int64_t create(Config config, Json reason = {}) {
    const auto number = static_cast<std::int64_t>(history().trials.size());
    apply(event::TrialCreated{number, std::move(config), std::move(reason), 0, {}});
    return number;
  }
  std::int64_t create(const Suggestion& suggestion) { return create(suggestion.config, suggestion.reason); }

  /// A leg from where the trial stands.
  void start(std::int64_t trial, std::int64_t until = 0) {
    apply(event::TrialStarted{trial, "worker", state_.trial(trial).step, until, 0});
  }
  void report(std::int64_t trial, std::int64_t step, const Metrics& metrics) {
    apply(event::TrialReported{trial, step, metrics});
  }
  void report(std::int64_t trial, std::int64_t step, double loss) { report(trial, step, {{"loss", loss}}); }
  void move(std::int64_t trial, TrialState to, std::optional<FailureKind> failure = {}) {
    apply(event::TrialMoved{trial, to, state_.trial(trial).step, {}, failure, "test"});
  }

  /// Created, run and ended in one.
  std::int64_t done(const Suggestion& suggestion, const Metrics& metrics) {
    const std::int64_t trial = create(suggestion);
    start(trial);
    report(trial, 1, metrics);
    move(trial, TrialState::Done);
    return trial;
  }
  std::int64_t done(const Suggestion& suggestion, double loss) { return done(suggestion, {{"loss", loss}}); }
  std::int64_t done(Config config, double loss) { return done(Suggestion{std::move(config), {}}, loss); }
  std::int64_t failed(const Suggestion& suggestion, FailureKind failure = FailureKind::Error) {
    const std::int64_t trial = create(suggestion);
    start(trial);
    move(trial, TrialState::Failed, failure);
    return trial;
  }

  void apply(Event::What what) {
    const auto applied = state_.apply({state_.event_count(), 0, "test", std::move(what)});
    if (!applied) ADD_FAILURE() << applied.error().message;
  }

  const StudyState& state() const { return state_; }
  History history() const { return state_.history(); }
  const StudySpec& spec() const { return state_.spec(); }
  const Space& space() const { return state_.spec().space; }

 private:
  StudyState state_;
};

}  // namespace pegbox
