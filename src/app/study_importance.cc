// StudyImportance: importance of hyperparameters in a study's metrics.
#include "app/study_importance.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include "search/samplers/observations.h"

namespace pegbox {

namespace {

ImportanceOptions for_study(const History& history, ImportanceOptions options) {
  options.seed = history.spec.seed;
  options.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  return options;
}

std::string names_of(const std::vector<MetricValues>& metrics) {
  std::string names;
  for (const MetricValues& each : metrics) names += (names.empty() ? "" : ", ") + each.metric;
  return names;
}

}  // namespace

std::vector<MetricValues> values_to_explain(const History& history) {
  std::vector<MetricValues> metrics = metric_values(history);
  const auto& objectives = history.spec.objectives;
  std::erase_if(metrics, [&](const MetricValues& each) {
    return std::ranges::find(objectives, each.metric, &Objective::metric) != objectives.end();
  });
  const Observations observed = observe(history, history.trials);
  for (std::size_t i = objectives.size(); i-- > 0;) {
    MetricValues values{.metric = objectives[i].metric, .minimize = objectives[i].minimize, .values = {}};
    for (const Measured& measured : observed.measured)
      if (std::isfinite(measured.losses[i]))
        values.values.emplace_back(measured.trial, objectives[i].sign() * measured.losses[i]);
    metrics.insert(metrics.begin(), std::move(values));
  }
  return metrics;
}

Result<MetricImportance> study_importance(const History& history, const std::string& metric,
                                          ImportanceOptions options) {
  return importance_among(history, values_to_explain(history), metric, options);
}

Result<MetricImportance> importance_among(const History& history, const std::vector<MetricValues>& metrics,
                                          const std::string& metric, ImportanceOptions options) {
  const std::string wanted = metric.empty() ? history.spec.objective().metric : metric;
  const auto found = std::ranges::find(metrics, wanted, &MetricValues::metric);
  if (found == metrics.end())
    return fail(ErrorKind::NotFound, {.where = history.spec.name,
                                      .what = "no trial has this metric",
                                      .got = wanted,
                                      .expected = "one of " + names_of(metrics)});
  return importance_of(history, *found, for_study(history, options));
}

std::vector<MetricImportance> study_importances(const History& history) {
  std::vector<MetricImportance> all;
  for (const MetricValues& each : values_to_explain(history))
    if (auto found = importance_of(history, each, for_study(history, {}))) all.push_back(*std::move(found));
  return all;
}

}  // namespace pegbox
