// evolution: regularized (aging) evolution, made for architectures.
#include "search/samplers/evolution.h"

#include <algorithm>

#include "search/samplers/population_sampler.h"

namespace pegbox {
namespace {

constexpr std::int64_t kFewestLiving = 10, kMostLiving = 100;
constexpr std::int64_t kManyValues = 12;  ///< an axis of more values is moved like a continuum
constexpr double kMutationSpread = 10;    ///< eta of polynomial mutation
constexpr double kAnywhere = 0.1;         ///< of the mutations of a continuum

struct EvolutionOptions {
  std::int64_t population = 0;
  std::int64_t sample = 0;
};

const FieldTable<EvolutionOptions>& evolution_fields() {
  static const FieldTable<EvolutionOptions> table(std::vector<Field<EvolutionOptions>>{
      {.name = "population",
       .member = &EvolutionOptions::population,
       .minimum = 0,
       .maximum = 100'000,
       .help = "members; 0: a tenth of the budget's trials, from 10 to 100",
       .source = "arXiv 1802.01548 takes 100"},
      {.name = "sample",
       .member = &EvolutionOptions::sample,
       .minimum = 0,
       .maximum = 100'000,
       .help = "the parent is the best of so many members drawn at random; 0: a quarter of the population, at least 5",
       .source = "arXiv 1802.01548 takes 25 of 100"}});
  return table;
}

class EvolutionSampler final : public PopulationSampler {
 public:
  explicit EvolutionSampler(EvolutionOptions options) : options_(options) {}

 protected:
  Result<std::optional<Suggestion>> next(const History& history, const Chronicle& chronicle,
                                         const RngKey& key) override {
    const auto size =
        static_cast<std::size_t>(population_size(history, options_.population, 10, kFewestLiving, kMostLiving));
    const auto all = chronicle.individuals();
    const auto generation = static_cast<std::int64_t>(key.trial / size);
    if (key.trial < size || all.empty()) return suggest_founder(history, taken(), "evolution", generation, key);

    const Space& space = history.spec.space;
    Rng rng({key.seed, stream_id("evolution"), key.trial});
    std::int64_t parent = 0;
    const auto make = [&](std::span<double> child) {
      parent = all[choose_parent(all, size, rng)].trial;
      std::ranges::copy(chronicle.genes(parent), child.begin());
      const std::vector<int> axes = movable_axes(space, child);
      if (axes.empty()) return;
      const int axis = axes[rng.below(axes.size())];
      double& gene = child[static_cast<std::size_t>(axis)];
      gene = changed(space, axis, gene, rng);
    };
    const auto reason = [&] { return descent("evolution", std::span(&parent, 1), "mutation", generation); };
    return suggest_child(history, taken(), make, reason, rng);
  }

 private:
  /// The best of a sample, drawn with replacement, of the latest `size`.
  std::size_t choose_parent(std::span<const Individual> all, std::size_t size, Rng& rng) const {
    const std::size_t living = std::min(size, all.size()), oldest = all.size() - living;
    const std::size_t sample =
        options_.sample > 0 ? static_cast<std::size_t>(options_.sample) : std::max<std::size_t>(5, size / 4);
    std::vector<std::size_t> drawn(sample);
    for (std::size_t& each : drawn) each = oldest + rng.below(living);
    return rank_members(all, drawn).members.front();
  }

  static double changed(const Space& space, int axis, double at, Rng& rng) {
    const Axis& kind = space.axes()[static_cast<std::size_t>(axis)];
    const bool is_counted = kind.levels > 0 && (kind.kind == AxisKind::Categorical || kind.levels <= kManyValues);
    if (is_counted || rng.uniform() < kAnywhere) return other_value(space, axis, at, rng);
    return mutated(space, axis, at, kMutationSpread, rng);
  }

  EvolutionOptions options_;
};

Result<std::unique_ptr<Sampler>> make_evolution(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const EvolutionOptions options, evolution_fields().read(node));
  return std::make_unique<EvolutionSampler>(options);
}

}  // namespace

SamplerRow evolution_row() {
  return {"evolution", "regularized evolution: the best of a sample is changed in one place, the oldest dies",
          evolution_fields().rows(), make_evolution};
}

}  // namespace pegbox
