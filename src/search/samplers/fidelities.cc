// Fidelities: how trials did at each of the lengths at which they were compared.
#include "search/samplers/fidelities.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "base/number.h"
#include "search/halving_rungs.h"

namespace pegbox {
namespace {

bool is_broken(const Trial& trial) {
  return trial.state == TrialState::Failed || trial.state == TrialState::Infeasible;
}

/// Its losses at a step; nothing if it has not come so far or gave none there.
std::optional<Individual> measured_at(const History& history, const Trial& trial, std::int64_t step) {
  const bool is_there =
      step == kFullLength ? trial.state == TrialState::Done : !trial.reports.empty() && trial.step >= step;
  if (!is_there) return std::nullopt;
  Individual individual{trial.number, {}, true};
  for (const Objective& objective : history.spec.objectives) {
    const auto value = step == kFullLength ? trial.metric(objective.metric) : trial.metric_at(objective.metric, step);
    if (!value && trial.state != TrialState::Done) return std::nullopt;
    individual.losses.push_back(value && std::isfinite(*value) ? objective.sign() * *value : kInfinity);
  }
  if (step == kFullLength && !history.constraints.empty()) {
    const auto violated = history.constraints.violated_by(trial.config, trial.metrics);
    individual.allowed = violated && !*violated;
  }
  return individual;
}

}  // namespace

std::size_t Fidelity::measured() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(individuals, [](const Individual& each) { return each.is_finite(); }));
}

std::vector<Fidelity> fidelities_of(const History& history) {
  std::set<std::int64_t> steps;
  for (const Trial& trial : history.trials) {
    const bool waits = trial.state == TrialState::Paused || trial.state == TrialState::Stopped;
    if (waits && !trial.reports.empty()) steps.insert(trial.step);
    if (trial.state == TrialState::Done || is_broken(trial)) steps.insert(kFullLength);
  }
  const std::vector<double> none(history.spec.objectives.size(), kInfinity);
  std::vector<Fidelity> fidelities;
  for (const std::int64_t step : steps) fidelities.push_back({step, {}});
  for (const Trial& trial : history.trials) {
    if (!history.spec.space.contains(trial.config)) continue;
    for (Fidelity& fidelity : fidelities)
      if (is_broken(trial))
        fidelity.individuals.push_back({trial.number, none, true});
      else if (auto measured = measured_at(history, trial, fidelity.step))
        fidelity.individuals.push_back(std::move(*measured));
  }
  return fidelities;
}

std::int64_t first_fidelity(const History& history, std::span<const Fidelity> fidelities, std::int64_t trial) {
  if (const auto brackets = brackets_of(history)) {
    const auto rungs = brackets->rungs(brackets->of(trial));
    return rungs.empty() ? kFullLength : rungs.front();
  }
  return fidelities.empty() ? kFullLength : fidelities.front().step;
}

}  // namespace pegbox
