// Generations: populations that replace each other, as genetic algorithms have them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/field_table.h"
#include "search/samplers/population_sampler.h"

namespace pegbox {

/// A fold (PopulationFold). A generation is over when as many trials as the population has members have come back, in
/// the order of their numbers, whoever suggested them; then the best of them and of the old population's elite are the
/// next population.
struct Generations {
  std::size_t size = 0;   ///< of the population
  std::size_t elite = 0;  ///< so many of the old population may stay; `size`: parents and children compete as equals
  Ranked population;      ///< empty in the first generation
  std::vector<std::size_t> arrived;  ///< of the present generation
  std::int64_t generation = 0;

  void take(const History& history, std::span<const Individual> all, std::size_t position);
};

struct GenerationOptions {
  std::int64_t population = 0;
  std::int64_t elite = 0;  ///< 0: all
  std::int64_t tournament = 2;
  double crossover = 0.9;        ///< probability that a child has two parents
  double mutation = 0;           ///< probability of each axis; 0: one axis on average
  double crossover_spread = 10;  ///< eta of `cross`
  double mutation_spread = 10;   ///< eta of `mutate`
};

/// The rows that `genetic` and `nsga2` share.
std::vector<Field<GenerationOptions>> generation_fields();

/// Tournament selection, crossover and mutation over Generations; `by` is the strategy's name.
class GenerationSampler final : public PopulationSampler {
 public:
  GenerationSampler(std::string_view by, GenerationOptions options) : by_(by), options_(options) {}

 protected:
  Result<std::optional<Suggestion>> next(const History& history, const Chronicle& chronicle,
                                         const RngKey& key) override;

 private:
  std::string_view by_;
  GenerationOptions options_;
  PopulationFold<Generations> fold_;
};

}  // namespace pegbox
