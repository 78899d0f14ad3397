// Generations: populations that replace each other.
#include "search/samplers/generations.h"

#include <algorithm>

namespace pegbox {
namespace {

constexpr std::int64_t kLeastMembers = 8, kMostMembers = 50;

/// The better of some drawn at random: positions are best first.
std::size_t tournament(std::size_t members, std::int64_t contestants, Rng& rng) {
  std::size_t winner = members - 1;
  for (std::int64_t i = 0; i < contestants; ++i) winner = std::min<std::size_t>(winner, rng.below(members));
  return winner;
}

}  // namespace

void Generations::take(const History&, std::span<const Individual> all, std::size_t position) {
  arrived.push_back(position);
  if (arrived.size() < size) return;
  std::vector<std::size_t> candidates(
      population.members.begin(),
      population.members.begin() + static_cast<std::ptrdiff_t>(std::min(elite, population.members.size())));
  candidates.insert(candidates.end(), arrived.begin(), arrived.end());
  population = rank_members(all, candidates);
  population.members.resize(std::min(size, candidates.size()));
  population.standings.resize(population.members.size());
  arrived.clear();
  ++generation;
}

std::vector<Field<GenerationOptions>> generation_fields() {
  return {{.name = "population",
           .member = &GenerationOptions::population,
           .minimum = 0,
           .maximum = 100'000,
           .help = "members; 0: a twentieth of the budget's trials, from 8 to 50"},
          {.name = "tournament",
           .member = &GenerationOptions::tournament,
           .minimum = 1,
           .maximum = 1000,
           .help = "a parent is the best of so many drawn at random"},
          {.name = "crossover",
           .member = &GenerationOptions::crossover,
           .minimum = 0,
           .maximum = 1,
           .help = "probability that a child has two parents",
           .source = "Deb et al. 2002"},
          {.name = "mutation",
           .member = &GenerationOptions::mutation,
           .minimum = 0,
           .maximum = 1,
           .help = "probability of each hyperparameter; 0: one of them on average",
           .source = "Deb et al. 2002"},
          {.name = "crossover_spread",
           .member = &GenerationOptions::crossover_spread,
           .minimum = 0,
           .maximum = 1000,
           .help = "the larger, the nearer are children to their parents (eta of simulated binary crossover)",
           .source = "Deb et al. 2002 take 20, for tens of thousands of trials"},
          {.name = "mutation_spread",
           .member = &GenerationOptions::mutation_spread,
           .minimum = 0,
           .maximum = 1000,
           .help = "the larger, the smaller are mutations (eta of polynomial mutation)",
           .source = "Deb et al. 2002 take 20, for tens of thousands of trials"}};
}

Result<std::optional<Suggestion>> GenerationSampler::next(const History& history, const Chronicle& chronicle,
                                                          const RngKey& key) {
  const auto size =
      static_cast<std::size_t>(population_size(history, options_.population, 20, kLeastMembers, kMostMembers));
  const std::size_t elite = options_.elite > 0 ? static_cast<std::size_t>(options_.elite) : size;
  const Generations& state = fold_.follow(history, chronicle, {.size = size, .elite = elite});
  const auto all = chronicle.individuals();
  Ranked first;
  if (state.population.members.empty()) first = rank_members(all, state.arrived);
  const auto& parents = state.population.members.empty() ? first.members : state.population.members;
  if (key.trial < size || parents.size() < 2) return suggest_founder(history, taken(), by_, state.generation, key);

  const Space& space = history.spec.space;
  const double probability =
      options_.mutation > 0 ? options_.mutation : 1.0 / static_cast<double>(std::max(1, space.dimensions()));
  Rng rng({key.seed, stream_id(by_), key.trial});
  std::vector<std::int64_t> chosen;
  bool crosses = false, mutates = false;
  const auto make = [&](std::span<double> child) {
    chosen = {all[parents[tournament(parents.size(), options_.tournament, rng)]].trial};
    std::ranges::copy(chronicle.genes(chosen.front()), child.begin());
    crosses = rng.uniform() < options_.crossover;
    if (crosses) {
      chosen.push_back(all[parents[tournament(parents.size(), options_.tournament, rng)]].trial);
      cross(space, chronicle.genes(chosen[0]), chronicle.genes(chosen[1]), options_.crossover_spread, 0.5, rng, child);
    }
    mutates = mutate(space, probability, options_.mutation_spread, rng, child);
  };
  const auto reason = [&] {
    const std::string_view operation = crosses && mutates ? "crossover+mutation" : crosses ? "crossover" : "mutation";
    return descent(by_, chosen, operation, state.generation);
  };
  return suggest_child(history, taken(), make, reason, rng);
}

}  // namespace pegbox
