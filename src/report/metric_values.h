// MetricValues: what the trials of a study gave of one metric, to be explained by their configurations.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "search/history.h"

namespace pegbox {

struct MetricValues {
  std::string metric;
  std::int64_t step = 0;  ///< at which the values were measured; 0: at each trial's end
  bool minimize = true;   ///< of metrics that are no objective the small values are taken to be wanted
  std::vector<std::pair<std::int64_t, double>> values;  ///< trial, a finite value; by trial
};

/// The objectives first, then every other metric by its name; those without a finite value are left out. Of the trials
/// that are done, at their ends. Where these are less than half of those that have the metric, since a rule stops or
/// pauses most: of all that came to the step to which half of them came, at that step.
std::vector<MetricValues> metric_values(const History& history);

}  // namespace pegbox
