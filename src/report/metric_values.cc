// MetricValues: the results of trials, metric by metric.
#include "report/metric_values.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace pegbox {
namespace {

/// The step of the last report that has the metric; nothing if none has.
std::optional<std::int64_t> last_step(const Trial& trial, const std::string& metric) {
  const auto has_it = [&](const Report& report) { return report.metrics.contains(metric); };
  const auto last = std::find_if(trial.reports.rbegin(), trial.reports.rend(), has_it);
  return last == trial.reports.rend() ? std::nullopt : std::optional(last->step);
}

void fill(MetricValues& found, const History& history) {
  std::vector<std::int64_t> steps;
  std::size_t done = 0;
  for (const Trial& trial : history.trials)
    if (const auto step = last_step(trial, found.metric)) {
      steps.push_back(*step);
      done += trial.state == TrialState::Done;
    }
  std::ranges::sort(steps);
  if (2 * done < steps.size()) found.step = steps[steps.size() / 2];
  for (const Trial& trial : history.trials) {
    if (found.step == 0 && trial.state != TrialState::Done) continue;
    if (last_step(trial, found.metric).value_or(-1) < found.step) continue;
    const auto value = found.step == 0 ? trial.metric(found.metric) : trial.metric_at(found.metric, found.step);
    if (value && std::isfinite(*value)) found.values.emplace_back(trial.number, *value);
  }
}

}  // namespace

std::vector<MetricValues> metric_values(const History& history) {
  std::vector<MetricValues> found;
  for (const Objective& objective : history.spec.objectives)
    found.push_back({.metric = objective.metric, .minimize = objective.minimize, .values = {}});
  std::set<std::string> others;
  for (const Trial& trial : history.trials)
    for (const auto& [name, value] : trial.metrics)
      if (std::ranges::find(found, name, &MetricValues::metric) == found.end()) others.insert(name);
  for (const std::string& name : others) found.push_back({.metric = name, .values = {}});
  for (MetricValues& each : found) fill(each, history);
  std::erase_if(found, [](const MetricValues& each) { return each.values.empty(); });
  return found;
}

}  // namespace pegbox
