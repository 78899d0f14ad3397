// TrainingPopulation: what the two halves of population-based training agree about.
#include "search/training_population.h"

#include <algorithm>

namespace pegbox {
namespace {

constexpr std::int64_t kFewestMembers = 4, kMostMembers = 20;
constexpr std::int64_t kTrialsPerMember = 3;  ///< a member and the clones in its place
constexpr std::int64_t kIntervals = 10;

bool has_trial_left(const History& history) {
  const std::int64_t budget = history.spec.budget.trials, configurations = history.spec.space.cardinality();
  const auto created = static_cast<std::int64_t>(history.trials.size());
  const auto infeasible = static_cast<std::int64_t>(history.in_state(TrialState::Infeasible).size());
  return (budget == 0 || created - infeasible < budget) && (configurations == 0 || created < configurations);
}

}  // namespace

const FieldTable<TrainingPopulation>& training_population_fields() {
  static const FieldTable<TrainingPopulation> table(std::vector<Field<TrainingPopulation>>{
      {.name = "population",
       .member = &TrainingPopulation::population,
       .minimum = 0,
       .maximum = 100'000,
       .help = "members that train; 0: a third of the budget's trials, from 4 to 20"},
      {.name = "interval",
       .member = &TrainingPopulation::interval,
       .minimum = 0,
       .help = "steps between two comparisons; 0: a tenth of a full trial"},
      {.name = "quantile",
       .member = &TrainingPopulation::quantile,
       .minimum = 0,
       .maximum = 0.5,
       .help = "this part of the members, the worst, is replaced by clones of the same part, the best",
       .source = "arXiv 1711.09846 takes 0.2"}});
  return table;
}

std::optional<TrainingPopulation> training_population_of(const StudySpec& spec) {
  if (spec.search.name != "pbt") return std::nullopt;
  const auto read = training_population_fields().read_known(spec.search.node());
  return read ? *read : TrainingPopulation{};
}

std::int64_t TrainingPopulation::members(const History& history) const {
  if (population > 0) return std::max<std::int64_t>(2, population);
  if (history.planned_trials == 0) return kMostMembers;
  return std::clamp(history.planned_trials / kTrialsPerMember, kFewestMembers, kMostMembers);
}

std::int64_t TrainingPopulation::interval_steps(const History& history) const {
  if (interval > 0) return interval;
  return history.steps > 0 ? std::max<std::int64_t>(1, history.steps / kIntervals) : 0;
}

std::int64_t TrainingPopulation::tail(std::int64_t trials) const {
  return static_cast<std::int64_t>(quantile * static_cast<double>(trials));
}

std::int64_t TrainingPopulation::places(const History& history) const {
  const auto done = static_cast<std::int64_t>(history.in_state(TrialState::Done).size());
  return members(history) * (1 + done / members(history));
}

bool TrainingPopulation::lacks_member(const History& history) const {
  std::size_t taken = history.in_state(TrialState::Done).size();
  for (const TrialState state : {TrialState::Waiting, TrialState::Running, TrialState::Paused})
    taken += history.in_state(state).size();
  return static_cast<std::int64_t>(taken) < places(history) && has_trial_left(history);
}

}  // namespace pegbox
