// StudyView: columns of what is drawn.
#include "report/study_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "report/results.h"
#include "report/shown_axis.h"

namespace pegbox {
namespace {

/// A trial that has ended with a value, and what had been used when it ended.
struct Ended {
  Scored result;
  double count = 0, work = 0;
};

double work_of(const Trial& trial, bool in_tokens) {
  if (!in_tokens) return static_cast<double>(trial.step);
  const double tokens = trial.metric("tokens").value_or(0);
  return std::isfinite(tokens) ? tokens : 0;
}

/// In the order of their ends; trials without a value count for what they used.
std::vector<Ended> ended_of(const History& history, bool in_tokens) {
  std::vector<const Trial*> trials;
  for (const Trial& trial : history.trials)
    if (is_final(trial.state)) trials.push_back(&trial);
  std::ranges::stable_sort(trials, {}, &Trial::ended_s);
  std::vector<Ended> ended;
  double count = 0, work = 0;
  for (const Trial* trial : trials) {
    count += trial->state == TrialState::Infeasible ? 0 : 1;
    work += work_of(*trial, in_tokens);
    if (const auto value = trial->metric(history.spec.objective().metric); value && std::isfinite(*value))
      ended.push_back({{trial, *value}, count, work});
  }
  return ended;
}

/// The indices at which the best so far becomes better.
std::vector<std::size_t> improvements(const History& history, const std::vector<Ended>& ended) {
  const double sign = history.spec.objective().sign();
  const bool any_done =
      std::ranges::any_of(ended, [](const Ended& each) { return each.result.trial->state == TrialState::Done; });
  std::vector<std::size_t> found;
  double best = INFINITY;
  for (std::size_t i = 0; i < ended.size(); ++i) {
    const double loss = sign * ended[i].result.value;
    if ((any_done && ended[i].result.trial->state != TrialState::Done) || !(loss < best)) continue;
    best = loss;
    found.push_back(i);
  }
  return found;
}

Json columns_of(const std::vector<Ended>& ended, const std::vector<std::size_t>& rows) {
  Json columns = {{"trial", Json::array()},  {"state", Json::array()}, {"count", Json::array()},
                  {"time_s", Json::array()}, {"work", Json::array()},  {"value", Json::array()}};
  for (const std::size_t i : rows) {
    const Ended& each = ended[i];
    columns["trial"].push_back(each.result.trial->number);
    columns["state"].push_back(name_of(each.result.trial->state));
    columns["count"].push_back(each.count);
    columns["time_s"].push_back(drawn_number(each.result.trial->ended_s));
    columns["work"].push_back(drawn_number(each.work));
    columns["value"].push_back(drawn_number(each.result.value));
  }
  return columns;
}

std::string_view kind_of(ParameterKind kind) {
  constexpr std::string_view kNames[] = {"real", "integer", "categorical", "ordered", "fixed", "simplex"};
  return kNames[static_cast<std::size_t>(kind)];
}

/// [trials]: 0 for the best by the first objective.
std::vector<std::size_t> ranks_of(const History& history, const std::vector<Scored>& results) {
  const double sign = history.spec.objective().sign();
  std::vector<std::size_t> order(results.size()), ranks(results.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return sign * results[i].value; });
  for (std::size_t rank = 0; rank < order.size(); ++rank) ranks[order[rank]] = rank;
  return ranks;
}

void add_configs(Json& view, const History& history, const std::vector<Scored>& results) {
  view["parameters"] = Json::array();
  view["config"] = view["places"] = Json::object();
  for (const ShownAxis& axis : ShownAxis::of(history.spec.space)) {
    Json labels = Json::array(), values = Json::array(), places = Json::array();
    for (const auto& [place, text] : axis.labels) labels.push_back({drawn_number(place), text});
    for (const Scored& each : results) {
      const Value* value = each.trial->config.find(axis.name);
      values.push_back(value == nullptr ? Json(nullptr) : to_json(*value));
      const auto place = axis.place(history.spec.space, each.trial->config);
      places.push_back(place ? drawn_number(*place) : Json(nullptr));
    }
    view["parameters"].push_back({{"name", axis.name}, {"labels", std::move(labels)}});
    view["config"][axis.name] = std::move(values);
    view["places"][axis.name] = std::move(places);
  }
}

}  // namespace

Json drawn_number(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::strtod(fmt::format("{:.7g}", value).c_str(), nullptr);
}

Json progress_view(const History& history, std::size_t points) {
  const Objective& objective = history.spec.objective();
  const bool in_tokens =
      std::ranges::any_of(history.trials, [](const Trial& trial) { return trial.metrics.contains("tokens"); });
  const auto ended = ended_of(history, in_tokens);
  const auto best = improvements(history, ended);
  std::vector<std::size_t> all(ended.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  const auto some = thinned(all, std::max<std::size_t>(2, points));
  std::set<std::size_t> rows(some.begin(), some.end());
  rows.insert(best.begin(), best.end());
  Json view = columns_of(ended, {rows.begin(), rows.end()});
  view["metric"] = objective.metric;
  view["minimize"] = objective.minimize;
  view["results"] = ended.size();
  view["tokens"] = in_tokens;
  view["best"] = columns_of(ended, best);
  return view;
}

Json points_view(const History& history, std::size_t points) {
  const auto results = drawn_results(history, std::max<std::size_t>(8, points));
  const auto ranks = ranks_of(history, results);
  Json view = {{"results", results_of(history).size()},
               {"objectives", Json::array()},
               {"trial", Json::array()},
               {"state", Json::array()},
               {"rank", ranks},
               {"values", Json::object()},
               {"front", history.spec.objectives.size() > 1 ? Json(pareto_front(history)) : Json::array()}};
  for (const Scored& each : results) {
    view["trial"].push_back(each.trial->number);
    view["state"].push_back(name_of(each.trial->state));
  }
  for (const Objective& objective : history.spec.objectives) {
    Json values = Json::array();
    for (const Scored& each : results)
      values.push_back(drawn_number(each.trial->metric(objective.metric).value_or(NAN)));
    view["objectives"].push_back(objective.metric);
    view["values"][objective.metric] = std::move(values);
  }
  add_configs(view, history, results);
  return view;
}

Json parameter_view(const Parameter& parameter) {
  Json view = {{"name", parameter.name}, {"kind", kind_of(parameter.kind)}, {"names", parameter.config_names()}};
  if (parameter.kind == ParameterKind::Real || parameter.kind == ParameterKind::Integer) {
    view["low"] = parameter.low;
    view["high"] = parameter.high;
    view["log"] = parameter.log_scale;
  }
  Json choices = Json::array(), when = Json::object();
  for (const Value& choice : parameter.choices) choices.push_back(to_json(choice));
  for (const Condition& condition : parameter.when)
    for (const Value& value : condition.values) when[condition.parameter].push_back(to_json(value));
  view["choices"] = std::move(choices);
  view["when"] = std::move(when);
  return view;
}

}  // namespace pegbox
