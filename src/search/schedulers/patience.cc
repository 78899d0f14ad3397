// patience: stop a trial that has not improved for some reports.
#include "search/schedulers/patience.h"

#include <algorithm>

#include "base/number.h"
#include "search/schedulers/stopping_rule.h"

namespace pegbox {
namespace {

struct PatienceOptions : Pace {
  std::int64_t reports = 5;
  double min_delta = 0;
  std::string metric;
};

const FieldTable<PatienceOptions>& patience_fields() {
  static const FieldTable<PatienceOptions> table(with_pace<PatienceOptions>(
      {{.name = "reports",
        .member = &PatienceOptions::reports,
        .minimum = 1,
        .help = "so many reports without an improvement end a trial"},
       {.name = "min_delta",
        .member = &PatienceOptions::min_delta,
        .minimum = 0,
        .help = "what a metric must gain to count as improved"},
       {.name = "metric", .member = &PatienceOptions::metric, .help = "what is watched; empty: the objectives"}}));
  return table;
}

/// Reports at the end of the curve that did not improve on the best before by more than `min_delta`.
std::int64_t reports_since_improvement(std::span<const double> values, double min_delta) {
  double best = kInfinity;
  std::int64_t since = 0;
  for (const double value : values) {
    ++since;
    const bool improved = value < best - min_delta;  // false for a value that is not a number
    if (improved) best = value, since = 0;
  }
  return since;
}

class PatienceRule final : public StoppingRule {
 public:
  explicit PatienceRule(const PatienceOptions& options) : StoppingRule(options), options_(options) {}

 private:
  std::optional<std::string> reason_to_stop(const History& history, const Trial& trial, std::int64_t) override {
    std::vector<std::string> metrics;
    if (!options_.metric.empty()) metrics.push_back(options_.metric);
    if (options_.metric.empty())
      for (const Objective& objective : history.spec.objectives) metrics.push_back(objective.metric);
    std::int64_t least = std::ssize(trial.reports);
    for (const std::string& metric : metrics)
      least = std::min(least, reports_since_improvement(curve_of(history, trial, metric), options_.min_delta));
    if (least < options_.reports) return std::nullopt;
    return "no improvement of '" + metrics.front() + "' in " + std::to_string(least) + " reports";
  }

  PatienceOptions options_;
};

Result<std::unique_ptr<Scheduler>> make_patience(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const PatienceOptions options, patience_fields().read(node));
  return std::make_unique<PatienceRule>(options);
}

}  // namespace

SchedulerRow patience_row() {
  return {.name = "patience",
          .help = "stops a trial that has not improved for some reports",
          .options = patience_fields().rows(),
          .make = make_patience};
}

}  // namespace pegbox
