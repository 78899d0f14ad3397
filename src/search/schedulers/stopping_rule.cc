// StoppingRule: what the rules share that look at one trial now and then and may stop it for good.
#include "search/schedulers/stopping_rule.h"

#include <algorithm>

namespace pegbox {

std::int64_t StoppingRule::spacing(const History& history) const {
  if (pace_.every > 0) return pace_.every;
  return history.steps == 0 ? 0 : std::max<std::int64_t>(1, history.steps / 20);
}

std::int64_t StoppingRule::next_rung(const History& history, const Trial& trial) {
  const std::int64_t every = spacing(history);
  if (every == 0) return 0;
  const std::int64_t next = (trial.step / every + 1) * every;
  return history.steps > 0 && next >= history.steps ? 0 : next;
}

Ruling StoppingRule::on_reached(const History& history, const Trial& trial) {
  const std::int64_t every = spacing(history);
  if (every == 0) return Verdict::Continue;
  const std::int64_t step = trial.step / every * every;
  if (step <= trial.from) return Verdict::Continue;
  if (trial.step < pace_.grace) return Verdict::Continue;
  if (auto why = reason_to_stop(history, trial, step)) return {Verdict::Stop, std::move(*why)};
  return Verdict::Continue;
}

std::string StoppingRule::objection(const History& history) const {
  return pace_.every > 0 ? "" : Scheduler::objection(history);
}

std::vector<double> curve_of(const History& history, const Trial& trial, const std::string& metric) {
  double sign = 1;
  for (const Objective& objective : history.spec.objectives)
    if (objective.metric == metric) sign = objective.sign();
  std::vector<double> values;
  for (const Report& report : trial.reports)
    if (const auto value = report.metrics.find(metric); value != report.metrics.end())
      values.push_back(sign * value->second);
  return values;
}

const std::string& metric_or_objective(const History& history, const std::string& metric) {
  return metric.empty() ? history.spec.objective().metric : metric;
}

}  // namespace pegbox
