// Population: a history as individuals.
#include "search/samplers/population.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/number.h"
#include "base/rng.h"
#include "math/pareto.h"
#include "search/samplers/observations.h"

namespace pegbox {
namespace {

constexpr int kLast = std::numeric_limits<int>::max();  ///< the rank of those without a finite loss

/// Whether every trial that came back ran to its end or failed, so that losses need not be carried.
bool is_plain(const History& history) {
  return history.in_state(TrialState::Stopped).empty() && history.in_state(TrialState::Paused).empty();
}

/// Losses of a trial that ended; a missing or unending one is infinite.
std::vector<double> losses_of(const History& history, const Trial& trial) {
  std::vector<double> losses;
  for (const Objective& objective : history.spec.objectives) {
    const auto value = trial.state == TrialState::Done ? trial.metric(objective.metric) : std::nullopt;
    losses.push_back(value && std::isfinite(*value) ? objective.sign() * *value : kInfinity);
  }
  if (!std::ranges::all_of(losses, [](double loss) { return std::isfinite(loss); }))
    std::ranges::fill(losses, kInfinity);
  return losses;
}

/// Fills the genes of a trial: its configuration's place, and on axes that are switched off there the gene of its
/// first parent, else one from the prior. So what a branch has found survives in children that do not use it.
void write_genes(const History& history, const Trial& trial, std::span<const double> all, std::span<double> genes) {
  const Space& space = history.spec.space;
  const UnitPoint point = space.to_unit(trial.config);
  std::ranges::copy(point.at, genes.begin());
  if (std::ranges::all_of(point.active, [](bool active) { return active; })) return;
  std::vector<double> kept(genes.size());
  const auto parents = parents_of(trial);
  if (!parents.empty()) {
    std::ranges::copy(all.subspan(static_cast<std::size_t>(parents.front()) * genes.size(), genes.size()),
                      kept.begin());
  } else {
    Rng rng({history.spec.seed, stream_id("genes"), static_cast<std::uint64_t>(trial.number)});
    for (double& gene : kept) gene = rng.uniform();
    space.apply_prior(kept);
  }
  for (std::size_t axis = 0; axis < genes.size(); ++axis)
    if (!point.active[axis]) genes[axis] = kept[axis];
}

}  // namespace

bool Individual::is_finite() const {
  return std::ranges::all_of(losses, [](double loss) { return std::isfinite(loss); });
}

std::vector<std::int64_t> parents_of(const Trial& trial) {
  std::vector<std::int64_t> parents;
  if (!trial.reason.is_object()) return parents;
  const auto found = trial.reason.find("parents");
  if (found == trial.reason.end() || !found->is_array()) return parents;
  for (const Json& parent : *found) {
    if (!parent.is_number_integer()) continue;
    const auto number = parent.get<std::int64_t>();
    if (number >= 0 && number < trial.number) parents.push_back(number);
  }
  return parents;
}

void Chronicle::update(const History& history) {
  const auto dimensions = history.spec.space.axes().size();
  if (history.event_count < events_ || history.trials.size() < trials_ || dimensions != dimensions_ ||
      source_ != history.spec.source) {
    const std::uint64_t epoch = epoch_;
    *this = Chronicle();
    epoch_ = epoch + 1;
    dimensions_ = dimensions;
    source_ = history.spec.source;
  }
  if (history.event_count == events_ && history.trials.size() == trials_) return;
  events_ = history.event_count;
  read_genes(history);
  is_plain(history) ? read_outcomes(history) : observe_all(history);
}

void Chronicle::read_genes(const History& history) {
  genes_.resize(history.trials.size() * dimensions_);
  for (; trials_ < history.trials.size(); ++trials_)
    write_genes(history, history.trials[trials_], genes_,
                std::span(genes_).subspan(trials_ * dimensions_, dimensions_));
}

void Chronicle::read_outcomes(const History& history) {
  individuals_.resize(settled_);
  for (; settled_trials_ < history.trials.size(); ++settled_trials_) {
    const Trial& trial = history.trials[settled_trials_];
    if (!is_final(trial.state)) break;
    add_outcome(history, trial);
  }
  settled_ = individuals_.size();
  for (std::size_t i = settled_trials_; i < history.trials.size(); ++i)
    if (is_final(history.trials[i].state)) add_outcome(history, history.trials[i]);
}

void Chronicle::add_outcome(const History& history, const Trial& trial) {
  if (!history.spec.space.contains(trial.config)) return;
  Individual individual{trial.number, losses_of(history, trial), true};
  if (trial.state == TrialState::Done && !history.constraints.empty()) {
    const auto violated = history.constraints.violated_by(trial.config, trial.metrics);
    individual.allowed = violated && !*violated;
  }
  individuals_.push_back(std::move(individual));
}

void Chronicle::observe_all(const History& history) {
  ++epoch_;
  settled_ = settled_trials_ = 0;
  individuals_.clear();
  const Observations found = observe(history, history.trials);
  const std::vector<double> none(history.spec.objectives.size(), kInfinity);
  for (const Measured& each : found.measured) {
    individuals_.push_back({each.trial, each.losses, each.allowed});
    if (!individuals_.back().is_finite()) individuals_.back().losses = none;
  }
  for (const std::int64_t trial : found.failed) individuals_.push_back({trial, none, true});
  std::ranges::sort(individuals_, {}, &Individual::trial);
}

const Individual* Chronicle::find(std::int64_t trial) const {
  const auto found = std::ranges::lower_bound(individuals_, trial, {}, &Individual::trial);
  return found != individuals_.end() && found->trial == trial ? &*found : nullptr;
}

std::span<const double> Chronicle::genes(std::int64_t trial) const {
  return std::span(genes_).subspan(static_cast<std::size_t>(trial) * dimensions_, dimensions_);
}

bool is_better(const Individual& a, const Individual& b) {
  const bool a_finite = a.is_finite(), b_finite = b.is_finite();
  if (a_finite != b_finite) return a_finite;
  if (a.allowed != b.allowed) return a.allowed;
  return a.losses < b.losses;
}

bool stands_before(const Standing& a, const Standing& b) {
  return a.rank != b.rank ? a.rank < b.rank : a.crowding > b.crowding;
}

namespace {

/// Ranks and crowding of those that are finite and allowed; returns the next free rank.
int rank_fronts(std::span<const Individual> individuals, std::span<const std::size_t> members,
                std::span<const std::size_t> places, std::vector<Standing>& standings) {
  if (places.empty()) return 0;
  const std::size_t objectives = individuals[members[places.front()]].losses.size();
  std::vector<double> rows;
  for (const std::size_t place : places) {
    const auto& losses = individuals[members[place]].losses;
    rows.insert(rows.end(), losses.begin(), losses.end());
  }
  const auto ranks = math::non_dominated_ranks(rows, static_cast<int>(objectives));
  if (!ranks) return 0;  // cannot be: they are finite
  const int fronts = 1 + *std::ranges::max_element(*ranks);
  for (int front = 0; front < fronts; ++front) {
    std::vector<double> front_rows;
    std::vector<std::size_t> of_front;
    for (std::size_t i = 0; i < places.size(); ++i) {
      if ((*ranks)[i] != front) continue;
      of_front.push_back(places[i]);
      const auto row = std::span(rows).subspan(i * objectives, objectives);
      front_rows.insert(front_rows.end(), row.begin(), row.end());
    }
    const auto crowding = math::crowding_distances(front_rows, static_cast<int>(objectives));
    for (std::size_t i = 0; crowding && i < of_front.size(); ++i) standings[of_front[i]] = {front, (*crowding)[i]};
  }
  return fronts;
}

}  // namespace

Ranked rank_members(std::span<const Individual> individuals, std::span<const std::size_t> members) {
  std::vector<Standing> standings(members.size());
  std::vector<std::size_t> order(members.size()), allowed, others;
  for (std::size_t place = 0; place < members.size(); ++place) {
    const Individual& individual = individuals[members[place]];
    order[place] = place;
    standings[place].rank = kLast;
    if (individual.is_finite()) (individual.allowed ? allowed : others).push_back(place);
  }
  const auto by_loss = [&](std::size_t a, std::size_t b) {
    return individuals[members[a]].losses < individuals[members[b]].losses;
  };
  const bool several = !members.empty() && individuals[members.front()].losses.size() > 1;
  int next = several ? rank_fronts(individuals, members, allowed, standings) : 0;
  if (!several) {
    std::ranges::stable_sort(allowed, by_loss);
    for (const std::size_t place : allowed) standings[place].rank = next++;
  }
  std::ranges::stable_sort(others, by_loss);
  for (const std::size_t place : others) standings[place].rank = next++;
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    if (stands_before(standings[a], standings[b]) != stands_before(standings[b], standings[a]))
      return stands_before(standings[a], standings[b]);
    return individuals[members[a]].trial < individuals[members[b]].trial;
  });
  Ranked ranked;
  for (const std::size_t place : order) {
    ranked.members.push_back(members[place]);
    ranked.standings.push_back(standings[place]);
  }
  return ranked;
}

}  // namespace pegbox
