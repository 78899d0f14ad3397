// StudyImportance: what mattered in a study, from all that its trials tell.
#pragma once

#include <string>
#include <vector>

#include "report/importance.h"
#include "search/history.h"

namespace pegbox {

/// The values to be explained, as report/metric_values.h has them; those of the objectives as the searches see them:
/// of trials that were stopped or paused too, carried to full length (search/samplers/observations.h).
std::vector<MetricValues> values_to_explain(const History& history);

/// Of one metric; of the first objective where `metric` is empty. The study's seed and all cores are used. NotFound,
/// with the nearest name, for a metric that no trial has; else as importance_of.
Result<MetricImportance> study_importance(const History& history, const std::string& metric,
                                          ImportanceOptions options = {});

/// The same, where the values are at hand.
Result<MetricImportance> importance_among(const History& history, const std::vector<MetricValues>& metrics,
                                          const std::string& metric, ImportanceOptions options = {});

/// Of every metric that can be explained.
std::vector<MetricImportance> study_importances(const History& history);

}  // namespace pegbox
