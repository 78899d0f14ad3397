// de: differential evolution that learns its own settings (SHADE).
#include "search/samplers/de.h"

#include <algorithm>
#include <cmath>

#include "search/samplers/differential.h"
#include "search/samplers/population_sampler.h"

namespace pegbox {
namespace {

constexpr std::int64_t kLeastOfDe = 8, kMostOfDe = 50;
constexpr std::size_t kSmallest = 4;  ///< a mutant needs a target and two others, and should have a choice
constexpr double kLargestBest = 0.2;  ///< pbest is one of at most this part of the population

struct DeOptions {
  std::int64_t population = 0;
};

const FieldTable<DeOptions>& de_fields() {
  static const FieldTable<DeOptions> table(std::vector<Field<DeOptions>>{
      {.name = "population",
       .member = &DeOptions::population,
       .minimum = 0,
       .maximum = 100'000,
       .help = "members, at least 4; 0: a twentieth of the budget's trials, from 8 to 50"}});
  return table;
}

/// What a child's reason says of how it was made.
struct Making {
  std::size_t place = 0;
  DifferentialSettings settings;
};

std::optional<Making> making_of(const Trial& trial, std::size_t places) {
  if (!trial.reason.is_object() || trial.reason.value("by", "") != "de") return std::nullopt;
  const auto place = trial.reason.find("place"), scale = trial.reason.find("f"), crossover = trial.reason.find("cr");
  const auto end = trial.reason.end();
  if (place == end || scale == end || crossover == end) return std::nullopt;
  if (!place->is_number_integer() || !scale->is_number() || !crossover->is_number()) return std::nullopt;
  const auto number = place->get<std::int64_t>();
  if (number < 0 || number >= static_cast<std::int64_t>(places)) return std::nullopt;
  return Making{static_cast<std::size_t>(number), {scale->get<double>(), crossover->get<double>()}};
}

/// The population as a fold: the first trials that come back take its places, then children compete for them.
struct DePopulation {
  std::size_t size = 0;
  std::vector<std::size_t> members;  // positions, by place
  std::vector<std::size_t> archive;  // of those that were beaten
  SuccessHistory memory;
  std::size_t children = 0;

  void take(const History& history, std::span<const Individual> all, std::size_t position) {
    if (members.size() < size) return members.push_back(position);
    const Trial& trial = history.trials[static_cast<std::size_t>(all[position].trial)];
    const auto making = making_of(trial, size);
    const std::size_t place = making ? making->place : worst(all);
    std::size_t& member = members[place];
    if (!is_better(all[member], all[position])) {  // an equal child is taken: it lets the population drift
      if (is_better(all[position], all[member])) {
        const double gain = all[member].losses.front() - all[position].losses.front();
        if (making) memory.succeed(making->settings, gain);
        keep(member, history.spec.seed, all[position].trial);
      }
      member = position;
    }
    if (making && ++children % size == 0) memory.end_generation();
  }

 private:
  std::size_t worst(std::span<const Individual> all) const {
    const auto found =
        std::ranges::max_element(members, [&](std::size_t a, std::size_t b) { return is_better(all[a], all[b]); });
    return static_cast<std::size_t>(found - members.begin());
  }

  /// The archive holds as many as the population; when it is full a random one goes.
  void keep(std::size_t beaten, std::uint64_t seed, std::int64_t by) {
    if (archive.size() < size) return archive.push_back(beaten);
    Rng rng({seed, stream_id("de archive"), static_cast<std::uint64_t>(by)});
    archive[rng.below(archive.size())] = beaten;
  }
};

class DeSampler final : public PopulationSampler {
 public:
  explicit DeSampler(DeOptions options) : options_(options) {}

 protected:
  Result<std::optional<Suggestion>> next(const History& history, const Chronicle& chronicle,
                                         const RngKey& key) override {
    const auto size = std::max(
        kSmallest, static_cast<std::size_t>(population_size(history, options_.population, 20, kLeastOfDe, kMostOfDe)));
    DePopulation initial;
    initial.size = size;
    const DePopulation& population = fold_.follow(history, chronicle, initial);
    const auto generation = static_cast<std::int64_t>(key.trial / size);
    if (key.trial < size || population.members.size() < kSmallest)
      return suggest_founder(history, taken(), "de", generation, key);

    const auto all = chronicle.individuals();
    const auto ranked = by_loss(population, all);
    const std::size_t place = key.trial % population.members.size();
    Rng rng({key.seed, stream_id("de"), key.trial});
    DifferentialSettings settings;
    std::vector<std::int64_t> parents;
    const auto make = [&](std::span<double> child) {
      settings = population.memory.draw(rng);
      parents = choose_parents(population, ranked, place, all, rng);
      const auto genes = [&](std::size_t i) { return chronicle.genes(parents[i]); };
      differential_mutant(history.spec.space, genes(0), genes(1), genes(2), genes(3), settings.scale, rng, child);
      binomial_crossover(genes(0), settings.crossover, rng, child);
    };
    const auto reason = [&] {
      Json why = descent("de", parents, "current-to-pbest/1/bin", generation);
      why["place"] = place;
      why["f"] = settings.scale;
      why["cr"] = settings.crossover;
      return why;
    };
    return suggest_child(history, taken(), make, reason, rng);
  }

 private:
  static std::vector<std::size_t> by_loss(const DePopulation& population, std::span<const Individual> all) {
    std::vector<std::size_t> ranked = population.members;
    std::ranges::stable_sort(ranked, [&](std::size_t a, std::size_t b) { return is_better(all[a], all[b]); });
    return ranked;
  }

  /// The trials of the target, of pbest, r1 and r2.
  static std::vector<std::int64_t> choose_parents(const DePopulation& population, std::span<const std::size_t> ranked,
                                                  std::size_t place, std::span<const Individual> all, Rng& rng) {
    const auto size = static_cast<double>(ranked.size());
    const std::size_t target = population.members[place];
    const double least = std::min(2 / size, kLargestBest);
    const double part = least + rng.uniform() * (kLargestBest - least);
    const auto best = ranked[rng.below(std::max<std::uint64_t>(2, static_cast<std::uint64_t>(part * size)))];
    std::size_t first = target, second = target;
    while (first == target) first = ranked[rng.below(ranked.size())];
    while (second == target || second == first) {
      const std::size_t drawn = rng.below(ranked.size() + population.archive.size());
      second = drawn < ranked.size() ? ranked[drawn] : population.archive[drawn - ranked.size()];
    }
    return {all[target].trial, all[best].trial, all[first].trial, all[second].trial};
  }

  DeOptions options_;
  PopulationFold<DePopulation> fold_;
};

Result<std::unique_ptr<Sampler>> make_de(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const DeOptions options, de_fields().read(node));
  return std::make_unique<DeSampler>(options);
}

}  // namespace

SamplerRow de_row() {
  return {"de", "differential evolution that learns its own settings (SHADE)", de_fields().rows(), make_de};
}

}  // namespace pegbox
