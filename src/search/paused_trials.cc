// Paused trials: which of them deserve to keep their checkpoints when a budget ends.
#include "search/paused_trials.h"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

#include "base/number.h"

namespace pegbox {

bool goes_on_with_study(const Trial& trial) {
  return trial.state == TrialState::Paused &&
         (trial.detail.starts_with(kPausedByPerson) || trial.detail.starts_with(kBudgetSpent));
}

std::vector<std::int64_t> rank_paused(const History& history) {
  using Standing = std::tuple<double, std::int64_t>;  // loss, number
  std::map<std::int64_t, std::vector<Standing>, std::greater<>> by_step;
  for (const std::int64_t number : history.in_state(TrialState::Paused)) {
    const Trial& trial = history.trials[static_cast<std::size_t>(number)];
    if (!goes_on_with_study(trial))
      by_step[trial.step].emplace_back(loss_of(history, trial).value_or(kInfinity), number);
  }
  std::size_t longest = 0;
  for (auto& [step, standings] : by_step) {
    std::ranges::sort(standings);
    longest = std::max(longest, standings.size());
  }
  std::vector<std::int64_t> ranked;
  for (std::size_t place = 0; place < longest; ++place)
    for (const auto& [step, standings] : by_step)
      if (place < standings.size()) ranked.push_back(std::get<1>(standings[place]));
  return ranked;
}

std::vector<Rest> rest_until_a_larger_budget(const History& history, std::size_t keep, const std::string& reason) {
  const std::string spent = std::string(kBudgetSpent) + ": " + reason;
  const auto ranked = rank_paused(history);
  std::vector<Rest> rests;
  for (const std::int64_t number : history.in_state(TrialState::Waiting))
    rests.push_back({number, TrialState::Paused, spent});
  for (std::size_t i = keep; i < ranked.size(); ++i)
    rests.push_back({ranked[i], TrialState::Stopped, spent + "; others keep their checkpoints"});
  return rests;
}

}  // namespace pegbox
