// StudyViews: views of a study.
#include "app/study_views.h"

#include <algorithm>
#include <set>

#include "app/session.h"
#include "app/study_importance.h"
#include "app/study_json.h"
#include "app/study_plan.h"
#include "app/trial_log.h"
#include "report/curve_view.h"
#include "report/results.h"
#include "report/study_account.h"
#include "report/study_view.h"
#include "report/trial_rows.h"
#include "search/samplers/design.h"
#include "search/tuner.h"

namespace pegbox {

namespace {

using server::Query;

constexpr std::int64_t kMostPoints = 20'000, kMostCurves = 2'000, kMostRows = 1'000;
constexpr std::size_t kMostForImportance = 2'000;  // a second's work; more trials hardly move a share
constexpr std::size_t kMostLogBytes = 64 << 10;

Json metric_names_json(const History& history) {
  std::set<std::string> names;
  for (const Trial& trial : history.trials)
    for (const auto& [name, value] : trial.metrics) names.insert(name);
  return names;
}

Json overview(const StudyState& state, bool is_held) {
  const History history = state.history();
  Json json = study_head(state, is_held);
  json.erase("spec");
  json["events"] = state.event_count();
  json["search"] = search_words(history.spec);
  json["stop"] = stop_words(history.spec, history.steps);
  json["seed"] = history.spec.seed;
  json["steps"] = history.steps;
  json["steps_are_tokens"] = history.spec.trial.contains("trainer");
  json["reason"] = nullptr;
  if (const auto note = state.notes().find(kRunNote); note != state.notes().end() && note->second.is_object())
    json["reason"] = note->second.value("reason", Json());
  json["metrics"] = metric_names_json(history);
  json["parameters"] = Json::array();
  for (const Parameter& parameter : history.spec.space.parameters()) {
    Json view = parameter_view(parameter);
    view["words"] = describe_parameter(parameter);
    json["parameters"].push_back(std::move(view));
  }
  return json;
}

Result<Json> curves(const History& history, const Query& query) {
  CurvesWanted wanted{.metric = query.text("metric")};
  PEGBOX_TRY(const auto trials, query.whole("trials", 150, 1, kMostCurves));
  PEGBOX_TRY(const auto points, query.whole("points", 200, 4, kMostPoints));
  wanted.trials = static_cast<std::size_t>(trials);
  wanted.points = static_cast<std::size_t>(points);
  return curves_view(history, wanted);
}

Result<Json> rows(const History& history, const Query& query) {
  RowsWanted wanted;
  if (query.has("sort")) wanted.sort = query.text("sort");
  PEGBOX_TRY(const auto descending, query.whole("descending", 0, 0, 1));
  PEGBOX_TRY(const auto from, query.whole("from", 0, 0, std::int64_t{1} << 40));
  PEGBOX_TRY(const auto count, query.whole("count", 50, 1, kMostRows));
  wanted.descending = descending == 1;
  wanted.from = static_cast<std::size_t>(from);
  wanted.count = static_cast<std::size_t>(count);
  if (query.has("state")) {
    wanted.state = trial_state_of(query.text("state"));
    if (!wanted.state)
      return fail(ErrorKind::InvalidInput,
                  {.where = "?state", .what = "trials have no such state", .got = query.text("state")});
  }
  return trial_rows(history, wanted);
}

/// {"trial": null where it was not tried, "config"}; null where nothing says what is usual.
Json default_json(const History& history) {
  for (const Trial& trial : history.trials)
    if (trial.reason.is_object() && trial.reason.value("by", Json()) == "try_first")
      return {{"trial", trial.number}, {"config", trial.config.to_json()}};
  if (!history.spec.space.has_prior()) return nullptr;
  return {{"trial", nullptr}, {"config", prior_mode(history.spec.space).to_json()}};
}

Json clone_json(const Trial& trial) {
  if (!trial.clone_of) return nullptr;
  return {{"trial", trial.clone_of->trial}, {"step", trial.clone_of->step}};
}

Result<Json> account(const StudyState& state, std::int64_t number, const Query& query) {
  const History history = state.history();
  PEGBOX_CHECK(check_trial(history, number));
  PEGBOX_TRY(const auto points, query.whole("points", 400, 4, kMostPoints));
  const Trial& trial = state.trial(number);
  Json json = trial_json(trial);
  json.erase("reports");
  json["reports"] = trial.reports.size();
  json["trials"] = history.trials.size();
  json["reason_words"] = reason_words(trial);
  json["worker"] = trial.worker;
  json["lost_workers"] = trial.lost_workers;
  json["clone_of"] = clone_json(trial);
  json["until"] = trial.until;
  json["notes"] = trial.notes;
  json["default"] = default_json(history);
  const auto best = best_trial(history);
  json["best"] = best ? Json{{"trial", *best},
                             {"config", state.trial(*best).config.to_json()},
                             {"metrics", metrics_json(state.trial(*best).metrics)}}
                      : Json(nullptr);
  json["curves"] = Json::object();
  for (const auto& [metric, value] : trial.metrics)
    json["curves"][metric] = curve_view(trial, metric, static_cast<std::size_t>(points));
  return json;
}

/// {"text", "of": "trial" or "workers", "cut": whether only the end is there}
Json log_json(const StorePlace& place, const std::string& study, std::int64_t number) {
  std::string text = whole_log(log_of_trial(place, study, number), kMostLogBytes + 1);
  std::string of = "trial";
  if (text.empty())
    for (const Path& file : worker_logs(place.study_files(study))) {
      of = "workers";
      text += "== " + file.filename().string() + "\n" + whole_log(file, kMostLogBytes + 1);
    }
  const bool is_cut = text.size() > kMostLogBytes;
  if (is_cut) text = text.substr(text.size() - kMostLogBytes);
  return {{"text", std::move(text)}, {"of", of}, {"cut", is_cut}};
}

}  // namespace

Result<Json> StudyViews::view(const StudyState& state, std::int64_t id, bool is_held,
                              const server::ViewWanted& wanted) {
  const History history = state.history();
  switch (wanted.view) {
    case server::View::Overview:
      return overview(state, is_held);
    case server::View::Progress: {
      PEGBOX_TRY(const auto points, wanted.query.whole("points", 1000, 2, kMostPoints));
      return progress_view(history, static_cast<std::size_t>(points));
    }
    case server::View::Points: {
      PEGBOX_TRY(const auto points, wanted.query.whole("points", 1000, 8, kMostPoints));
      return points_view(history, static_cast<std::size_t>(points));
    }
    case server::View::Curves:
      return curves(history, wanted.query);
    case server::View::Importance:
      return importance(state, id, wanted.query.text("metric"));
    case server::View::Trials:
      return rows(history, wanted.query);
    case server::View::Trial:
      return account(state, wanted.trial, wanted.query);
    case server::View::Log:
      PEGBOX_CHECK(check_trial(history, wanted.trial));
      return log_json(place_, wanted.study, wanted.trial);
  }
  return Json();
}

// Computed again when the trials that it is computed from have grown by a twentieth.
Result<Json> StudyViews::importance(const StudyState& state, std::int64_t id, const std::string& metric) {
  const History history = state.history();
  auto metrics = values_to_explain(history);
  const std::string name = metric.empty() ? history.spec.objective().metric : metric;
  const auto values = std::ranges::find(metrics, name, &MetricValues::metric);
  const std::size_t count = values == metrics.end() ? 0 : values->values.size();
  Found& found = importances_[{id, name}];
  if (count > 0 && found.values > 0 && count >= found.values && 20 * (count - found.values) < count)
    return found.importance;
  if (values != metrics.end()) values->values = thinned(values->values, kMostForImportance);
  PEGBOX_TRY(const MetricImportance importance, importance_among(history, metrics, name));
  Json json = to_json(importance);
  json["measured"] = count;
  found = {count, json};
  return json;
}

}  // namespace pegbox
