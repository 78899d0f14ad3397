// Trial cost: what a full trial costs at a configuration.
#include "search/samplers/trial_cost.h"

#include <algorithm>
#include <cmath>

namespace pegbox {
namespace {

std::int64_t full_length(const History& history) {
  if (history.steps > 0) return history.steps;
  std::int64_t longest = 0;
  for (const std::int64_t trial : history.in_state(TrialState::Done))
    longest = std::max(longest, history.trials[static_cast<std::size_t>(trial)].step);
  return longest;
}

std::optional<double> elapsed(const Trial& trial, double full_steps) {
  if (!is_final(trial.state)) return std::nullopt;
  const double leg_s = trial.ended_s - trial.started_s;
  if (trial.state == TrialState::Done && trial.from == 0) return leg_s;
  const auto leg_steps = static_cast<double>(trial.step - trial.from);
  if (!(leg_steps > 0)) return std::nullopt;
  return leg_s / leg_steps * full_steps;
}

}  // namespace

std::optional<double> full_cost(const History& history, const Trial& trial, std::string_view cost) {
  const bool counts =
      trial.state == TrialState::Done || trial.state == TrialState::Stopped || trial.state == TrialState::Paused;
  if (!counts) return std::nullopt;
  const auto full_steps =
      static_cast<double>(trial.state == TrialState::Done ? trial.step : std::max(trial.step, full_length(history)));
  std::optional<double> found;
  if (cost == kElapsed) {
    found = elapsed(trial, full_steps);
  } else if (found = trial.metric(cost); found && trial.state != TrialState::Done) {
    *found *= full_steps / static_cast<double>(trial.step);
  }
  return found && *found > 0 && std::isfinite(*found) ? found : std::nullopt;
}

double budget_left_fraction(const History& history) {
  return 1 - history.spec.budget.used_fraction(static_cast<double>(history.trials.size()), history.now_s,
                                               history.tokens_spent);
}

}  // namespace pegbox
