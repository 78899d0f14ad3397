// CurveView: outlines of learning curves.
#include "report/curve_view.h"

#include <algorithm>
#include <set>

#include "math/downsample.h"
#include "report/results.h"
#include "report/study_view.h"

namespace pegbox {
namespace {

bool has_curve(const Trial& trial, const std::string& metric) {
  int points = 0;
  for (const Report& report : trial.reports)
    if (report.metrics.contains(metric) && ++points > 1) return true;
  return false;
}

/// By number; the best, the running ones, and others evenly.
std::set<std::int64_t> chosen(const History& history, const std::vector<std::int64_t>& all, std::size_t most) {
  std::set<std::int64_t> wanted;
  const auto want = [&](std::int64_t number) {
    if (wanted.size() < most && std::ranges::binary_search(all, number)) wanted.insert(number);
  };
  if (const auto best = best_trial(history)) want(*best);
  for (const std::int64_t number : history.in_state(TrialState::Running)) want(number);
  if (const std::size_t left = most - wanted.size(); left > 1)
    for (const std::int64_t number : thinned(all, left)) want(number);
  return wanted;
}

bool is_minimized(const History& history, const std::string& metric) {
  const auto& objectives = history.spec.objectives;
  const auto found = std::ranges::find(objectives, metric, &Objective::metric);
  return found == objectives.end() || found->minimize;
}

}  // namespace

Json curve_view(const Trial& trial, const std::string& metric, std::size_t points) {
  std::vector<double> x, y;
  for (const Report& report : trial.reports)
    if (const auto found = report.metrics.find(metric); found != report.metrics.end()) {
      x.push_back(static_cast<double>(report.step));
      y.push_back(found->second);
    }
  Json steps = Json::array(), values = Json::array();
  for (const std::size_t i : math::curve_outline(x, y, points)) {
    steps.push_back(static_cast<std::int64_t>(x[i]));
    values.push_back(drawn_number(y[i]));
  }
  return {{"steps", std::move(steps)}, {"values", std::move(values)}, {"reports", x.size()}};
}

Json curves_view(const History& history, const CurvesWanted& wanted) {
  const std::string metric = wanted.metric.empty() ? history.spec.objective().metric : wanted.metric;
  std::vector<std::int64_t> all;
  for (const Trial& trial : history.trials)
    if (has_curve(trial, metric)) all.push_back(trial.number);
  Json curves = Json::array();
  for (const std::int64_t number : chosen(history, all, std::max<std::size_t>(1, wanted.trials))) {
    const Trial& trial = history.trials[static_cast<std::size_t>(number)];
    Json curve = curve_view(trial, metric, wanted.points);
    curve["trial"] = number;
    curve["state"] = name_of(trial.state);
    curves.push_back(std::move(curve));
  }
  return {{"metric", metric},
          {"minimize", is_minimized(history, metric)},
          {"with_curves", all.size()},
          {"curves", std::move(curves)}};
}

}  // namespace pegbox
