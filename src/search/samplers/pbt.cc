// pbt: population-based training: the best members' weights go on with changed hyperparameters.
#include "search/samplers/pbt.h"

#include <algorithm>
#include <cmath>

#include "base/number.h"
#include "search/samplers/population_sampler.h"
#include "search/training_population.h"

namespace pegbox {
namespace {

constexpr double kMutationSpread = 20;  ///< eta of `mutated`, for axes that cannot be multiplied

struct ExploreOptions {
  double factor = 1.2;
  double resample = 0.25;
};

const FieldTable<ExploreOptions>& explore_fields() {
  static const FieldTable<ExploreOptions> table(
      std::vector<Field<ExploreOptions>>{{.name = "factor",
                                          .member = &ExploreOptions::factor,
                                          .minimum = 1.000001,
                                          .maximum = 1000,
                                          .help = "a clone's hyperparameters are multiplied by this or divided by it",
                                          .source = "arXiv 1711.09846: 1.2 and 0.8"},
                                         {.name = "resample",
                                          .member = &ExploreOptions::resample,
                                          .minimum = 0,
                                          .maximum = 1,
                                          .help = "probability that one is drawn anew from its prior instead"}});
  return table;
}

/// The parameters that may change in a clone, by index.
Result<std::vector<bool>> read_explored(const Space& space, const Node& node) {
  const auto parameters = std::span(space.parameters());
  std::vector<bool> explored(parameters.size(), false);
  if (node.has("explore")) {
    PEGBOX_TRY(const Node names, node.at("explore"));
    if (!names.is_array()) return names.fail("not a list", "names of hyperparameters");
    for (const Node& item : names.items()) {
      PEGBOX_TRY(const std::string name, item.string());
      const Parameter* parameter = space.find(name);
      if (parameter == nullptr) return item.fail("unknown hyperparameter", "one of the space");
      explored[static_cast<std::size_t>(parameter - parameters.data())] = true;
    }
    return explored;
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) explored[i] = parameters[i].kind == ParameterKind::Real;
  if (std::ranges::none_of(explored, [](bool each) { return each; })) explored.assign(explored.size(), true);
  return explored;
}

/// The losses of a trial so far.
Individual standing_of(const History& history, const Trial& trial) {
  Individual individual{trial.number, {}, true};
  for (const Objective& objective : history.spec.objectives) {
    const auto value = trial.metric(objective.metric);
    individual.losses.push_back(value && std::isfinite(*value) ? objective.sign() * *value : kInfinity);
  }
  return individual;
}

/// Members that a clone could go on from.
std::vector<Individual> cloneable(const History& history) {
  std::vector<Individual> members;
  for (const TrialState state : {TrialState::Waiting, TrialState::Running, TrialState::Paused})
    for (const std::int64_t number : history.in_state(state)) {
      const Trial& trial = history.trials[static_cast<std::size_t>(number)];
      const bool is_own = trial.checkpoint && trial.checkpoint->trial == number && !trial.reports.empty();
      if (!is_own || (history.steps > 0 && trial.checkpoint->step >= history.steps)) continue;
      members.push_back(standing_of(history, trial));
      if (!members.back().is_finite()) members.pop_back();
    }
  std::ranges::sort(members, {}, &Individual::trial);
  return members;
}

class PbtSampler final : public PopulationSampler {
 public:
  PbtSampler(TrainingPopulation population, ExploreOptions options, std::vector<bool> explored)
      : population_(population), options_(options), explored_(std::move(explored)) {}

 protected:
  Result<std::optional<Suggestion>> next(const History& history, const Chronicle& chronicle,
                                         const RngKey& key) override {
    const auto begun = std::ranges::count_if(history.trials, [](const Trial& trial) { return !trial.clone_of; });
    const std::int64_t ahead = static_cast<std::int64_t>(key.trial) - std::ssize(history.trials);
    const bool begins = begun + ahead < population_.places(history);
    const auto members = begins ? std::vector<Individual>{} : cloneable(history);
    if (!members.empty()) return clone(history, chronicle, members, key);
    std::vector<Individual> done;
    for (const Individual& each : chronicle.individuals())
      if (each.is_finite() && history.trials[static_cast<std::size_t>(each.trial)].state == TrialState::Done)
        done.push_back(each);
    if (std::ssize(done) < population_.members(history)) return suggest_founder(history, taken(), "pbt", 0, key);
    return child(history, chronicle, done, "explore", key);
  }

 private:
  Result<std::optional<Suggestion>> clone(const History& history, const Chronicle& chronicle,
                                          std::span<const Individual> members, const RngKey& key) {
    PEGBOX_TRY(auto suggestion, child(history, chronicle, members, "exploit+explore", key));
    if (!suggestion || suggestion->reason["parents"].empty()) return suggestion;
    const auto parent = suggestion->reason["parents"][0].get<std::size_t>();
    suggestion->clone_of = history.trials[parent].checkpoint;
    return suggestion;
  }

  /// An explored child of one of the best of `members`.
  Result<std::optional<Suggestion>> child(const History& history, const Chronicle& chronicle,
                                          std::span<const Individual> members, std::string_view operation,
                                          const RngKey& key) {
    std::vector<std::size_t> positions(members.size());
    for (std::size_t i = 0; i < positions.size(); ++i) positions[i] = i;
    const Ranked ranked = rank_members(members, positions);
    const auto best = static_cast<std::uint64_t>(std::max<std::int64_t>(1, population_.tail(std::ssize(members))));
    Rng rng({key.seed, stream_id("pbt"), key.trial});
    const std::int64_t parent = members[ranked.members[rng.below(best)]].trial;
    const auto make = [&](std::span<double> genes) {
      std::ranges::copy(chronicle.genes(parent), genes.begin());
      explore(history.spec.space, rng, genes);
    };
    const auto reason = [&] {
      const Json& why = history.trials[static_cast<std::size_t>(parent)].reason;
      const bool is_told = why.is_object() && why.contains("generation") && why["generation"].is_number_integer();
      return descent("pbt", std::span(&parent, 1), operation,
                     1 + (is_told ? why["generation"].get<std::int64_t>() : 0));
    };
    return suggest_child(history, taken(), make, reason, rng);
  }

  void explore(const Space& space, Rng& rng, std::span<double> genes) const {
    std::vector<double> fresh(genes.size());
    for (double& gene : fresh) gene = rng.uniform();
    space.apply_prior(fresh);
    for (std::size_t axis = 0; axis < genes.size(); ++axis) {
      const auto index = static_cast<std::size_t>(space.axes()[axis].parameter);
      if (!explored_[index]) continue;
      const bool resamples = rng.uniform() < options_.resample, grows = rng.below(2) == 0;
      genes[axis] = resamples ? fresh[axis]
                              : multiplied(space, static_cast<int>(axis), genes[axis],
                                           grows ? options_.factor : 1 / options_.factor, rng);
    }
  }

  /// The place of the value times a factor, in natural units; choices and mixtures are mutated.
  static double multiplied(const Space& space, int axis, double at, double factor, Rng& rng) {
    const Parameter& parameter =
        space.parameters()[static_cast<std::size_t>(space.axes()[static_cast<std::size_t>(axis)].parameter)];
    const bool is_numeric = parameter.kind == ParameterKind::Real || parameter.kind == ParameterKind::Integer;
    if (!is_numeric) return mutated(space, axis, at, kMutationSpread, rng);
    const UnitScale scale(parameter);
    const double value = scale.value(at), place = scale.unit(value * factor);
    const bool is_stuck = scale.snap(value * factor) == scale.snap(value) && parameter.cardinality() > 1;
    return is_stuck ? mutated(space, axis, at, kMutationSpread, rng) : place;
  }

  const TrainingPopulation population_;
  const ExploreOptions options_;
  const std::vector<bool> explored_;  // [parameters]
};

std::vector<FieldRow> pbt_rows() {
  std::vector<FieldRow> rows = training_population_fields().rows();
  rows.insert(rows.end(), explore_fields().rows().begin(), explore_fields().rows().end());
  return rows;
}

Result<std::unique_ptr<Sampler>> make_pbt_sampler(const StudySpec& spec, const Node& node) {
  auto names = names_of(pbt_rows());
  names.push_back("explore");
  PEGBOX_CHECK(node.only(names));
  PEGBOX_TRY(const TrainingPopulation population, training_population_fields().read_known(node));
  PEGBOX_TRY(const ExploreOptions options, explore_fields().read_known(node));
  PEGBOX_TRY(auto explored, read_explored(spec.space, node));
  return std::make_unique<PbtSampler>(population, options, std::move(explored));
}

}  // namespace

SamplerRow pbt_sampler_row() {
  return {"pbt", "population-based training: clones of the best go on with changed hyperparameters", pbt_rows(),
          make_pbt_sampler};
}

}  // namespace pegbox
