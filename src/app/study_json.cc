// StudyJson: studies and trials as the JSON that `list`, `show` and `best` print.
#include "app/study_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "app/study_checks.h"
#include "app/study_files.h"
#include "search/comparable_trials.h"
#include "search/samplers/standings.h"

namespace pegbox {

namespace {

constexpr std::array kStates = {TrialState::Waiting, TrialState::Running, TrialState::Paused,    TrialState::Done,
                                TrialState::Stopped, TrialState::Failed,  TrialState::Infeasible};

Json result_json(const Trial& trial) {
  return {{"trial", trial.number}, {"config", trial.config.to_json()}, {"metrics", metrics_json(trial.metrics)}};
}

/// The program's own: of one trial's measurement.
Json reported_interval(const Trial& trial, const std::string& metric) {
  Json interval = {{"metric", metric}, {"low", nullptr}, {"high", nullptr}};
  const auto value = trial.metric(metric), error = trial.metric(metric + "_error");
  if (value && error) {
    interval["low"] = json_number(*value - 1.96 * *error);
    interval["high"] = json_number(*value + 1.96 * *error);
  }
  return interval;
}

Json folder_json(const StorePlace& place, const std::string& study, std::int64_t trial) {
  std::error_code ignored;
  const Path folder = trial_result_folder(place, study, trial);
  return std::filesystem::exists(folder, ignored) ? Json(folder.string()) : Json(nullptr);
}

/// The same, and whether the space of the present study file holds it: the space may have been changed.
Json best_json(const StudyState& state, const StorePlace& place, std::int64_t number) {
  const Trial& trial = state.trial(number);
  Json json = result_json(trial);
  json["in_space"] = state.spec().space.contains(trial.config);
  json["folder"] = folder_json(place, state.spec().name, number);
  return json;
}

Json rival_json(const std::optional<Rival>& rival) {
  if (!rival) return nullptr;
  return {{"trial", rival->trial}, {"probability", rival->probability}};
}

/// What is expected of the best configuration, and how sure it is that it is the best.
void add_standing(Json& json, const Standings& found, const std::string& metric) {
  const RankedConfig& best = found.ranked.front();
  json["interval"] = {
      {"metric", metric}, {"low", json_number(best.interval.low)}, {"high", json_number(best.interval.high)}};
  json["expected"] = json_number(best.mean);
  json["noise"] = json_number(found.noise);
  json["trials"] = best.trials;
  json["beats_runner_up"] = rival_json(found.runner_up);
  json["beats_default"] = rival_json(found.default_choice);
  json["is_default"] = found.best_is_default;
}

Json objectives_json(const StudySpec& spec) {
  Json objectives = Json::array();
  for (const Objective& objective : spec.objectives)
    objectives.push_back({{objective.minimize ? "minimize" : "maximize", objective.metric}});
  return objectives;
}

Json gates_json(const StudySpec& spec) {
  Json gates = Json::array();
  for (const Expression& gate : spec.gates) gates.push_back(gate.text());
  return gates;
}

/// Those that did better than all that are allowed, if there are such; of several objectives, or without a best, all.
Json refused_json(const StudyState& state) {
  const History history = state.history();
  const auto best = history.spec.objectives.size() == 1 ? best_trial(history) : std::nullopt;
  Json refused = Json::array();
  for (const RefusedTrial& each : refused_trials(history)) {
    const Trial& trial = state.trial(each.trial);
    if (best && *loss_of(history, trial) >= *loss_of(history, state.trial(*best))) continue;
    refused.push_back({{"trial", each.trial}, {"metrics", metrics_json(trial.metrics)}, {"reasons", each.reasons}});
  }
  return refused;
}

bool may_refuse(const StudyState& state) { return !state.spec().gates.empty() || !state.spec().constraints.empty(); }

/// One total of the budget: null where there is no limit.
Json total(double limit) { return limit > 0 ? Json(limit) : Json(nullptr); }

}  // namespace

Json metrics_json(const Metrics& metrics) {
  Json json = Json::object();
  for (const auto& [name, value] : metrics) json[name] = json_number(value);
  return json;
}

std::string study_state_name(const StudyState& state, bool is_held) {
  if (is_held) return "running";
  const auto note = state.notes().find("run");
  const std::string last =
      note != state.notes().end() && note->second.is_object() ? note->second.value("state", "") : "";
  return last.empty() || last == "running" ? "interrupted" : last;
}

Json study_summary(const StudyState& state, bool is_held) {
  const History history = state.history();
  Json trials = Json::object();
  for (TrialState each : kStates) trials[std::string(name_of(each))] = history.in_state(each).size();
  const auto best = best_trial(history);
  return {{"name", history.spec.name},
          {"state", study_state_name(state, is_held)},
          {"objectives", objectives_json(history.spec)},
          {"trials", std::move(trials)},
          {"refused", refused_trials(history).size()},
          {"best", best ? result_json(state.trial(*best)) : Json(nullptr)}};
}

Json damaged_study(const std::string& name, const Error& error) {
  return {
      {"name", name}, {"state", "damaged"}, {"trials", Json::object()}, {"best", nullptr}, {"detail", error.message}};
}

Json trial_json(const Trial& trial) {
  Json reports = Json::array();
  for (const Report& report : trial.reports)
    reports.push_back({{"step", report.step}, {"metrics", metrics_json(report.metrics)}});
  Json json = {{"number", trial.number},
               {"state", name_of(trial.state)},
               {"config", trial.config.to_json()},
               {"metrics", metrics_json(trial.metrics)},
               {"reports", std::move(reports)},
               {"reason", trial.reason},
               {"seed", trial.seed},
               {"step", trial.step},
               {"created_s", trial.created_s},
               {"started_s", trial.started_s},
               {"ended_s", trial.ended_s}};
  if (trial.failure) json["failure"] = name_of(*trial.failure);
  if (!trial.detail.empty()) json["detail"] = trial.detail;
  return json;
}

Json study_head(const StudyState& state, bool is_held) {
  const History history = state.history();
  Json json = study_summary(state, is_held);
  json["trial_counts"] = json["trials"];
  json["gates"] = gates_json(history.spec);
  const Budget& budget = history.spec.budget;
  json["budget"] = {{"trials", total(static_cast<double>(budget.trials))},
                    {"time_s", total(budget.time_s)},
                    {"tokens", total(budget.tokens)}};
  json["spent"] = {{"time_s", history.now_s}, {"tokens", history.tokens_spent}};
  json["version"] = state.version();
  json["spec"] = history.spec.source;
  if (!history.sources.empty()) json["transfer"] = Json::array();
  for (const event::SourceAdded& source : history.sources)
    json["transfer"].push_back(
        {{"study", source.study}, {"trials", source.trials.size()}, {"mapping", source.mapping}});
  if (const auto note = state.notes().find(kChecksNote); note != state.notes().end()) json["checks"] = note->second;
  return json;
}

Json study_details(const StudyState& state, bool is_held) {
  Json json = study_head(state, is_held);
  json["trials"] = Json::array();
  const History history = state.history();
  for (const Trial& trial : history.trials) {
    json["trials"].push_back(trial_json(trial));
    const auto reasons = refusal_reasons(history, trial);
    if (!reasons.empty()) json["trials"].back()["refused"] = reasons;
  }
  return json;
}

std::string why_no_best(const StudyState& state) {
  const auto refused = refused_trials(state.history());
  if (refused.empty()) return "no trial has a result";
  return fmt::format("no trial meets the {}; trial {}: {}", state.spec().gates.empty() ? "constraints" : "gates",
                     refused.front().trial, fmt::join(refused.front().reasons, "; "));
}

std::optional<Json> best_details(const StudyState& state, const StorePlace& place) {
  const History history = state.history();
  const StudySpec& spec = history.spec;
  if (spec.objectives.size() > 1) {
    Json front = Json::array();
    for (std::int64_t number : pareto_front(history)) front.push_back(best_json(state, place, number));
    if (front.empty()) return std::nullopt;
    Json json{{"front", std::move(front)}};
    if (may_refuse(state)) json["refused"] = refused_json(state);
    return json;
  }
  const auto best = best_trial(history);
  if (!best) return std::nullopt;
  const std::string& metric = spec.objective().metric;
  const auto found = standings(history);
  Json json = best_json(state, place, found ? found->ranked.front().trials.front() : *best);
  json["lowest"] = *best;
  if (may_refuse(state)) json["refused"] = refused_json(state);
  if (found) {
    add_standing(json, *found, metric);
  } else {
    json["interval"] = reported_interval(state.trial(*best), metric);
    json["no_expectation"] = found.error().message;
  }
  return json;
}

}  // namespace pegbox
