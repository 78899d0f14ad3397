// Card: a study as JSON.
#include "report/card.h"

#include <algorithm>

#include "search/comparable_trials.h"
#include "search/tuner.h"

namespace pegbox {
namespace {

constexpr double kAssumedCoreWatts = 10;

Json metrics_of(const Metrics& metrics) {
  Json json = Json::object();
  for (const auto& [name, value] : metrics) json[name] = json_number(value);
  return json;
}

Json objectives_of(const StudySpec& spec) {
  Json objectives = Json::array();
  for (const Objective& each : spec.objectives)
    objectives.push_back({{"direction", each.minimize ? "minimize" : "maximize"}, {"metric", each.metric}});
  return objectives;
}

Json space_of(const StudyAccount& account) {
  Json space = Json::array();
  for (const auto& [name, words] : account.space) {
    Json entry = {{"name", name}, {"values", words}, {"prior", nullptr}};
    const Parameter* parameter = account.state.spec().space.find(name);
    if (parameter != nullptr && parameter->prior)
      entry["prior"] = {{"at", to_json(parameter->prior->at)},
                        {"spread", parameter->prior->spread},
                        {"source", parameter->prior->source}};
    space.push_back(std::move(entry));
  }
  return space;
}

Json trial_of(const Trial& trial) {
  Json json = {{"number", trial.number},
               {"state", name_of(trial.state)},
               {"config", trial.config.to_json()},
               {"metrics", metrics_of(trial.metrics)},
               {"reason", trial.reason},
               {"seed", trial.seed},
               {"step", trial.step},
               {"created_s", trial.created_s},
               {"ended_s", is_final(trial.state) ? Json(trial.ended_s) : Json(nullptr)}};
  if (trial.clone_of) json["clone_of"] = {{"trial", trial.clone_of->trial}, {"step", trial.clone_of->step}};
  if (trial.failure) json["failure"] = name_of(*trial.failure);
  if (!trial.detail.empty()) json["detail"] = trial.detail;
  return json;
}

Json gates_of(const StudySpec& spec) {
  Json gates = Json::array();
  for (const Expression& gate : spec.gates) gates.push_back(gate.text());
  return gates;
}

Json refused_of(const History& history) {
  Json refused = Json::array();
  for (const RefusedTrial& each : refused_trials(history))
    refused.push_back({{"trial", each.trial}, {"reasons", each.reasons}});
  return refused;
}

Json failures_of(const History& history) {
  Json failures = Json::array();
  for (const auto& [kind, numbers] : failures_by_kind(history))
    failures.push_back({{"kind", kind}, {"count", numbers.size()}, {"trials", numbers}});
  return failures;
}

/// What the study took. Its energy is not measured: it is what its time on all cores would take at a stated power.
Json compute_of(const StudyAccount& account) {
  const History history = account.state.history();
  Json energy;
  const int cores = account.machine.is_object() ? account.machine.value("cores", 0) : 0;
  const bool has_gpu = account.machine.is_object() && !account.machine.value("gpus", Json::array()).empty();
  if (cores > 0 && !has_gpu)
    energy = {
        {"joules", history.now_s * cores * kAssumedCoreWatts},
        {"is_measured", false},
        {"how", "estimated: 10 W for each core of the machine that wrote this card, all of them busy throughout"}};
  return {{"time_s", history.now_s}, {"tokens", history.tokens_spent}, {"energy", std::move(energy)}};
}

Json transfer_of(const History& history) {
  Json sources = Json::array();
  for (const event::SourceAdded& each : history.sources)
    sources.push_back({{"study", each.study}, {"trials", each.trials.size()}, {"mapping", each.mapping}});
  return sources;
}

Json note_of(const StudyState& state, const char* key) {
  const auto found = state.notes().find(key);
  return found == state.notes().end() ? Json(nullptr) : found->second;
}

Json limit(double total) { return total > 0 ? Json(total) : Json(nullptr); }

Json counts_of(const History& history) {
  Json counts = Json::object();
  for (std::size_t state = 0; state < kTrialStates; ++state)
    counts[std::string(name_of(static_cast<TrialState>(state)))] = history.numbers_by_state[state].size();
  return counts;
}

}  // namespace

Json study_card(const StudyAccount& account) {
  const History history = account.state.history();
  const StudySpec& spec = history.spec;
  Json importances = Json::array(), trials = Json::array(), first = Json::array();
  for (const MetricImportance& each : account.importances) importances.push_back(to_json(each));
  for (const Trial& trial : history.trials) trials.push_back(trial_of(trial));
  for (const Config& config : spec.try_first) first.push_back(config.to_json());
  return {{"card", kCardVersion},
          {"study", spec.name},
          {"standing", account.standing},
          {"objectives", objectives_of(spec)},
          {"gates", gates_of(spec)},
          {"refused", refused_of(history)},
          {"search",
           {{"strategy", account.search},
            {"stopping", account.stop},
            {"seed", spec.seed},
            {"tried_first", std::move(first)}}},
          {"space", space_of(account)},
          {"transfer", transfer_of(history)},
          {"budget",
           {{"trials", limit(static_cast<double>(spec.budget.trials))},
            {"time_s", limit(spec.budget.time_s)},
            {"tokens", limit(spec.budget.tokens)}}},
          {"best", account.best ? *account.best : Json(nullptr)},
          {"why_no_best", account.best ? Json(nullptr) : Json(account.why_no_best)},
          {"importance", std::move(importances)},
          {"counts", counts_of(history)},
          {"failures", failures_of(history)},
          {"compute", compute_of(account)},
          {"data", note_of(account.state, "checks")},
          {"described", note_of(account.state, kDescribedNote)},
          {"hardware", account.machine},
          {"versions", {{"study", account.state.version()}, {"card", account.version}}},
          {"repeat", {{"command", account.repeat}, {"study_file", spec.source}}},
          {"trials", std::move(trials)}};
}

}  // namespace pegbox
