// For tests of accounts: studies as reports and cards see them: empty, failed, finished, with markup in every text.
#pragma once

#include "base/rng.h"
#include "report/study_account.h"
#include "search/history_for_test.h"

namespace pegbox {

inline constexpr char kMarkup[] = "</td><script>alert('x')</script> & \"|`*";

inline Json markup_space() {
  return {
      {"space",
       {{"rate",
         {{"range", {1e-5, 1e-1}}, {"scale", "log"}, {"prior", {{"at", 1e-3}, {"spread", 3}, {"source", kMarkup}}}}},
        {"kind", {{"choice", {kMarkup, "plain"}}}},
        {"beta", {{"range", {0.5, 0.9}}, {"when", {{"kind", "plain"}}}}},
        {"mix", {{"simplex", {"a", "b"}}}},
        {"same", {{"value", 3}}}}},
      {"objective", {{"minimize", kMarkup}}},
      {"try_first", Json::array({Json{{"rate", 1e-3}}})}};
}

/// Finished, stopped, paused and failed trials; all texts are markup.
inline HistoryForTest markup_study(int trials) {
  HistoryForTest study(markup_space().dump());
  Rng rng({.seed = 3});
  for (int i = 0; i < trials; ++i) {
    std::vector<double> at;
    for (int j = 0; j < study.space().dimensions(); ++j) at.push_back(rng.uniform());
    const std::int64_t trial = study.create(study.space().from_unit(at), {{"by", i == 0 ? "try_first" : kMarkup}});
    study.start(trial, 4);
    for (int step = 1; step <= 2 + i % 3; ++step)
      study.report(trial, step, {{kMarkup, at[0] + 1.0 / step}, {"other<", i}, {"bad", NAN}});
    constexpr TrialState kEnds[] = {TrialState::Done, TrialState::Stopped, TrialState::Paused, TrialState::Failed};
    const TrialState to = i % 2 == 0 ? TrialState::Done : kEnds[i / 2 % 4];
    event::TrialMoved moved{trial, to, 1, {}, {}, kMarkup};
    if (to == TrialState::Failed) moved.failure = FailureKind::OutOfMemory;
    study.apply(moved);
  }
  return study;
}

/// With the fold's best trial and the importances of the metrics that have one.
inline StudyAccount account_of(const HistoryForTest& study) {
  const History history = study.history();
  StudyAccount account{.state = study.state(),
                       .standing = "finished",
                       .search = kMarkup,
                       .stop = "none",
                       .space = {},
                       .best = {},
                       .why_no_best = "no trial has a result",
                       .importances = {},
                       .machine = {{"processor", kMarkup}, {"cores", 2}, {"gpus", Json::array()}},
                       .version = "9",
                       .repeat = "pegbox tune test.json"};
  for (const Parameter& parameter : history.spec.space.parameters())
    account.space.emplace_back(parameter.name, kMarkup);
  if (history.spec.objectives.size() > 1) {
    Json front = Json::array();
    for (const std::int64_t number : pareto_front(history))
      front.push_back({{"trial", number}, {"config", Json::object()}, {"metrics", Json::object()}});
    if (!front.empty()) account.best = Json{{"front", front}};
  } else if (const auto best = best_trial(history)) {
    const Trial& trial = study.state().trial(*best);
    Json metrics = Json::object();
    for (const auto& [name, value] : trial.metrics) metrics[name] = json_number(value);
    const Json told = {{"trial", *best},
                       {"config", trial.config.to_json()},
                       {"metrics", metrics},
                       {"interval", {{"metric", kMarkup}, {"low", 0.5}, {"high", 1.5}}},
                       {"beats_default", {{"trial", 0}, {"probability", 0.9}}}};
    account.best = told;
  }
  for (const MetricValues& each : metric_values(history))
    if (auto found = importance_of(history, each, {.trees = 8})) account.importances.push_back(*std::move(found));
  return account;
}

}  // namespace pegbox
