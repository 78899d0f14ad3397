// History: which trials are the best.
#include <algorithm>
#include <cmath>

#include "math/pareto.h"
#include "search/comparable_trials.h"

namespace pegbox {
namespace {

/// The step at which the trial's objective was last measured; nothing if its loss is none.
std::optional<std::int64_t> loss_step(const History& history, const Trial& trial) {
  if (!loss_of(history, trial)) return std::nullopt;
  const std::string& metric = history.spec.objective().metric;
  const auto measured = std::find_if(trial.reports.rbegin(), trial.reports.rend(),
                                     [&](const Report& report) { return report.metrics.contains(metric); });
  return measured == trial.reports.rend() ? 0 : measured->step;
}

bool is_allowed(const History& history, const Trial& trial) {
  const auto before = history.constraints.violated(trial.config);
  if (!before || *before) return false;
  const auto after = history.constraints.violated_by(trial.config, trial.metrics);
  return after && !*after;
}

std::vector<const Trial*> compared(const History& history) {
  std::vector<const Trial*> done, shorter;
  std::int64_t greatest = -1;
  for (const Trial& trial : history.trials) {
    const bool is_done = trial.state == TrialState::Done;
    if (!is_done && trial.state != TrialState::Stopped && trial.state != TrialState::Paused) continue;
    const auto step = loss_step(history, trial);
    if (!step || (!is_done && (!done.empty() || *step < greatest)) || !is_allowed(history, trial)) continue;
    if (is_done) {
      done.push_back(&trial);
      continue;
    }
    if (*step > greatest) shorter.clear();
    greatest = *step;
    shorter.push_back(&trial);
  }
  return done.empty() ? shorter : done;
}

}  // namespace

std::optional<double> loss_of(const History& history, const Trial& trial, std::size_t objective) {
  const Objective& wanted = history.spec.objectives[objective];
  const auto value = trial.metric(wanted.metric);
  if (!value || !std::isfinite(*value)) return std::nullopt;
  return wanted.sign() * *value;
}

std::vector<std::int64_t> comparable_trials(const History& history) {
  std::vector<std::int64_t> numbers;
  for (const Trial* trial : compared(history)) numbers.push_back(trial->number);
  return numbers;
}

std::vector<std::string> refusal_reasons(const History& history, const Trial& trial) {
  if (trial.state != TrialState::Done || history.constraints.empty()) return {};
  auto violations = history.constraints.violations_by(trial.config, trial.metrics);
  return violations ? *std::move(violations) : std::vector<std::string>{violations.error().message};
}

std::vector<RefusedTrial> refused_trials(const History& history) {
  std::vector<RefusedTrial> refused;
  for (const Trial& trial : history.trials) {
    if (trial.state != TrialState::Done || !loss_of(history, trial)) continue;
    if (auto reasons = refusal_reasons(history, trial); !reasons.empty())
      refused.push_back({trial.number, std::move(reasons)});
  }
  return refused;
}

std::optional<std::int64_t> best_trial(const History& history) {
  std::optional<std::int64_t> best;
  double least = 0;
  for (const Trial* trial : compared(history)) {
    const double loss = *loss_of(history, *trial);
    if (best && loss >= least) continue;
    best = trial->number;
    least = loss;
  }
  return best;
}

std::vector<std::int64_t> pareto_front(const History& history) {
  const std::size_t objectives = history.spec.objectives.size();
  std::vector<std::int64_t> numbers;
  std::vector<double> points;  // [trials, objectives]
  for (const Trial* trial : compared(history)) {
    std::vector<double> losses;
    for (std::size_t i = 0; i < objectives; ++i)
      if (const auto loss = loss_of(history, *trial, i)) losses.push_back(*loss);
    if (losses.size() != objectives) continue;
    numbers.push_back(trial->number);
    points.insert(points.end(), losses.begin(), losses.end());
  }
  std::vector<std::int64_t> front;
  if (numbers.empty()) return front;
  if (const auto indices = math::pareto_front(points, static_cast<int>(objectives)))
    for (const int index : *indices) front.push_back(numbers[static_cast<std::size_t>(index)]);
  return front;
}

}  // namespace pegbox
