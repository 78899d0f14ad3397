// TrialRows: keys, order and rows.
#include "report/trial_rows.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "report/study_view.h"

namespace pegbox {
namespace {

/// Numbers before texts; a trial without a key has neither.
struct SortKey {
  std::optional<double> number;
  std::string text;

  bool is_missing() const { return !number && text.empty(); }
  bool operator<(const SortKey& other) const {
    if (number && other.number) return *number < *other.number;
    if (number.has_value() != other.number.has_value()) return number.has_value();
    return text < other.text;
  }
};

using KeyOf = std::function<SortKey(const Trial&)>;

/// Of the last leg; of one that runs, so far.
double leg_time_s(const History& history, const Trial& trial) {
  if (trial.state == TrialState::Running) return history.now_s - trial.started_s;
  return is_final(trial.state) && trial.ended_s > 0 ? trial.ended_s - trial.started_s : NAN;
}

SortKey number_key(double value) { return std::isfinite(value) ? SortKey{value, {}} : SortKey{}; }

SortKey config_key_of(const Trial& trial, const std::string& name) {
  const Value* value = trial.config.find(name);
  if (value == nullptr) return {};
  return is_number(*value) ? number_key(as_number(*value)) : SortKey{{}, to_text(*value)};
}

bool has_parameter(const History& history, const std::string& name) {
  for (const Parameter& parameter : history.spec.space.parameters())
    for (const std::string& each : parameter.config_names())
      if (each == name) return true;
  return false;
}

Result<KeyOf> key_named(const History& history, const std::string& name) {
  if (name == "number") return KeyOf([](const Trial& trial) { return SortKey{static_cast<double>(trial.number), {}}; });
  if (name == "state") return KeyOf([](const Trial& trial) { return SortKey{{}, std::string(name_of(trial.state))}; });
  if (name == "step") return KeyOf([](const Trial& trial) { return SortKey{static_cast<double>(trial.step), {}}; });
  if (name == "time") return KeyOf([&history](const Trial& trial) { return number_key(leg_time_s(history, trial)); });
  if (has_parameter(history, name)) return KeyOf([name](const Trial& trial) { return config_key_of(trial, name); });
  const bool is_metric =
      std::ranges::any_of(history.spec.objectives, [&](const Objective& each) { return each.metric == name; }) ||
      std::ranges::any_of(history.trials, [&](const Trial& trial) { return trial.metrics.contains(name); });
  if (is_metric) return KeyOf([name](const Trial& trial) { return number_key(trial.metric(name).value_or(NAN)); });
  return fail(ErrorKind::InvalidInput, {.where = history.spec.name + " sort",
                                        .what = "trials have no such column",
                                        .got = name,
                                        .expected = "number, state, step, time, a metric or a hyperparameter"});
}

struct KeyedRow {
  SortKey key;
  std::int64_t number = 0;
};

Json row_json(const History& history, const Trial& trial) {
  Json metrics = Json::object();
  for (const auto& [name, value] : trial.metrics) metrics[name] = json_number(value);
  Json row = {{"number", trial.number},
              {"state", name_of(trial.state)},
              {"config", trial.config.to_json()},
              {"metrics", std::move(metrics)},
              {"step", trial.step},
              {"time_s", drawn_number(leg_time_s(history, trial))},
              {"by", trial.reason.is_object() ? trial.reason.value("by", Json()) : Json()}};
  if (trial.failure) row["failure"] = name_of(*trial.failure);
  return row;
}

}  // namespace

Result<Json> trial_rows(const History& history, const RowsWanted& wanted) {
  PEGBOX_TRY(const KeyOf key_of, key_named(history, wanted.sort));
  std::vector<KeyedRow> rows;
  for (const Trial& trial : history.trials)
    if (!wanted.state || trial.state == *wanted.state) rows.push_back({key_of(trial), trial.number});
  const auto is_before = [&](const KeyedRow& a, const KeyedRow& b) {
    if (a.key.is_missing() != b.key.is_missing()) return b.key.is_missing();
    const bool less = a.key < b.key, greater = b.key < a.key;
    if (less != greater) return wanted.descending ? greater : less;
    return a.number < b.number;
  };
  const std::size_t from = std::min(wanted.from, rows.size()), to = std::min(from + wanted.count, rows.size());
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(to), rows.end(), is_before);
  Json list = Json::array();
  for (std::size_t i = from; i < to; ++i)
    list.push_back(row_json(history, history.trials[static_cast<std::size_t>(rows[i].number)]));
  return Json{{"matching", rows.size()}, {"from", from}, {"rows", std::move(list)}};
}

}  // namespace pegbox
