// dehb: differential evolution with a population at each fidelity.
#include "search/samplers/dehb.h"

#include <algorithm>
#include <numeric>

#include "search/halving_rungs.h"
#include "search/samplers/differential.h"
#include "search/samplers/fidelities.h"
#include "search/samplers/population_sampler.h"

namespace pegbox {
namespace {

constexpr std::int64_t kFewestPlaces = 8, kMostPlaces = 50;  ///< without hyperband
constexpr std::size_t kPool = 3;                             ///< parents of a mutant

struct DehbOptions {
  double scale = 0.5;
  double crossover = 0.5;
};

const FieldTable<DehbOptions>& dehb_fields() {
  static const FieldTable<DehbOptions> table(
      std::vector<Field<DehbOptions>>{{.name = "f",
                                       .member = &DehbOptions::scale,
                                       .minimum = 0,
                                       .maximum = 1,
                                       .help = "differences of genes are multiplied by it",
                                       .source = "arXiv 2105.09821"},
                                      {.name = "cr",
                                       .member = &DehbOptions::crossover,
                                       .minimum = 0,
                                       .maximum = 1,
                                       .help = "probability that a gene is the mutant's",
                                       .source = "arXiv 2105.09821"}});
  return table;
}

/// The place for which a trial was made at the fidelity `step`; nothing if it was not.
std::optional<std::size_t> place_of(const Trial& trial, std::int64_t step, std::size_t places) {
  if (!trial.reason.is_object() || trial.reason.value("by", "") != "dehb") return std::nullopt;
  const auto place = trial.reason.find("place"), fidelity = trial.reason.find("fidelity");
  if (place == trial.reason.end() || !place->is_number_integer()) return std::nullopt;
  const bool is_whole = fidelity == trial.reason.end();
  if (!is_whole && !fidelity->is_number_integer()) return std::nullopt;
  if ((is_whole ? kFullLength : fidelity->get<std::int64_t>()) != step) return std::nullopt;
  const auto number = place->get<std::int64_t>();
  return number >= 0 && number < static_cast<std::int64_t>(places) ? std::optional(static_cast<std::size_t>(number))
                                                                   : std::nullopt;
}

/// The members of one fidelity's population, positions in its individuals by place.
std::vector<std::size_t> population_of(const History& history, const Fidelity& fidelity, std::size_t places) {
  std::vector<std::size_t> members;
  const auto& all = fidelity.individuals;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (members.size() < places) {
      members.push_back(i);
      continue;
    }
    const auto place = place_of(history.trials[static_cast<std::size_t>(all[i].trial)], fidelity.step, places);
    const auto worst =
        std::ranges::max_element(members, [&](std::size_t a, std::size_t b) { return is_better(all[a], all[b]); });
    std::size_t& member = place ? members[*place] : *worst;
    if (!is_better(all[member], all[i])) member = i;
  }
  return members;
}

class DehbSampler final : public PopulationSampler {
 public:
  explicit DehbSampler(DehbOptions options) : options_(options) {}

 protected:
  Result<std::optional<Suggestion>> next(const History& history, const Chronicle& chronicle,
                                         const RngKey& key) override {
    const auto fidelities = fidelities_of(history);
    const auto trial = static_cast<std::int64_t>(key.trial);
    const std::int64_t step = first_fidelity(history, fidelities, trial);
    const auto own = std::ranges::find(fidelities, step, &Fidelity::step);
    const auto [places, turn] = places_of(history, trial);
    const auto generation = static_cast<std::int64_t>(turn / places);
    if (own == fidelities.end()) return suggest_founder(history, taken(), "dehb", generation, key);
    const auto members = population_of(history, *own, places);
    const auto pool = parent_pool(history, fidelities, static_cast<std::size_t>(own - fidelities.begin()), places);
    if (members.size() < places || pool.size() < kPool)
      return suggest_founder(history, taken(), "dehb", generation, key);

    const std::size_t place = turn % places;
    const std::int64_t target = own->individuals[members[place]].trial;
    Rng rng({key.seed, stream_id("dehb"), key.trial});
    std::vector<std::int64_t> parents;
    const auto make = [&](std::span<double> child) {
      std::vector<std::int64_t> drawn = pool;
      shuffle(drawn, rng);
      parents = {target, drawn[0], drawn[1], drawn[2]};
      random_mutant(chronicle.genes(drawn[0]), chronicle.genes(drawn[1]), chronicle.genes(drawn[2]), options_.scale,
                    rng, child);
      binomial_crossover(chronicle.genes(target), options_.crossover, rng, child);
    };
    const auto reason = [&] {
      Json why = descent("dehb", parents, "rand/1/bin", generation);
      why["place"] = place;
      if (step != kFullLength) why["fidelity"] = step;
      return why;
    };
    return suggest_child(history, taken(), make, reason, rng);
  }

 private:
  /// The places of the population for which the trial is made, and how many trials were made for it before.
  static std::pair<std::size_t, std::size_t> places_of(const History& history, std::int64_t trial) {
    const auto brackets = brackets_of(history);
    if (!brackets)
      return {static_cast<std::size_t>(population_size(history, 0, 20, kFewestPlaces, kMostPlaces)),
              static_cast<std::size_t>(trial)};
    const std::size_t bracket = brackets->of(trial);
    std::size_t before = 0;
    for (std::int64_t number = 0; number < trial; ++number) before += brackets->of(number) == bracket ? 1 : 0;
    return {static_cast<std::size_t>(std::max<std::int64_t>(4, brackets->size(bracket))), before};
  }

  /// The best trials at the fidelity below, or at the lowest one; filled up with those of the own fidelity.
  static std::vector<std::int64_t> parent_pool(const History& history, std::span<const Fidelity> fidelities,
                                               std::size_t own, std::size_t places) {
    std::vector<std::int64_t> pool;
    if (own == 0) {
      for (const std::size_t member : population_of(history, fidelities[0], places))
        pool.push_back(fidelities[0].individuals[member].trial);
      return pool;
    }
    for (const std::size_t level : {own - 1, own}) {
      const auto& all = fidelities[level].individuals;
      std::vector<std::size_t> positions(all.size());
      std::iota(positions.begin(), positions.end(), std::size_t{0});
      for (const std::size_t position : rank_members(all, positions).members) {
        const bool is_there = std::ranges::find(pool, all[position].trial) != pool.end();
        if (pool.size() < places && all[position].is_finite() && !is_there) pool.push_back(all[position].trial);
      }
    }
    return pool;
  }

  DehbOptions options_;
};

Result<std::unique_ptr<Sampler>> make_dehb(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const DehbOptions options, dehb_fields().read(node));
  return std::make_unique<DehbSampler>(options);
}

}  // namespace

SamplerRow dehb_row() {
  return {"dehb", "DEHB: differential evolution at each fidelity, for use with hyperband", dehb_fields().rows(),
          make_dehb};
}

}  // namespace pegbox
