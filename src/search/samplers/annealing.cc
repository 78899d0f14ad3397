// annealing: simulated annealing over the budget.
#include "search/samplers/annealing.h"

#include <algorithm>
#include <cmath>

#include "math/statistics.h"
#include "search/samplers/population_sampler.h"

namespace pegbox {
namespace {

constexpr std::int64_t kFewestFirst = 4, kMostFirst = 10;
constexpr std::int64_t kUnknownBudget = 200;  ///< trials of a schedule where the budget is not of trials

struct AnnealingOptions {
  std::int64_t founders = 0;
  double heat = 0.2;
  double cold = 1e-3;
  double step = 0.25;
};

const FieldTable<AnnealingOptions>& annealing_fields() {
  static const FieldTable<AnnealingOptions> table(std::vector<Field<AnnealingOptions>>{
      {.name = "founders",
       .member = &AnnealingOptions::founders,
       .minimum = 0,
       .maximum = 100'000,
       .help = "trials before the walk begins; 0: a twentieth of the budget's trials, from 4 to 10"},
      {.name = "heat",
       .member = &AnnealingOptions::heat,
       .minimum = 0,
       .maximum = 1000,
       .help = "first temperature, in standard deviations of the first trials' losses"},
      {.name = "cold",
       .member = &AnnealingOptions::cold,
       .minimum = 1e-12,
       .maximum = 1,
       .help = "last temperature, as a part of the first"},
      {.name = "step",
       .member = &AnnealingOptions::step,
       .minimum = 1e-6,
       .maximum = 1,
       .help = "first step, as a part of each range; the last is shorter by the square root of `cold`"}});
  return table;
}

/// The walk as a fold.
struct Walk {
  AnnealingOptions options;
  std::size_t founders = 1;
  double trials = kUnknownBudget;      // of the whole schedule
  std::optional<std::size_t> present;  // position
  std::size_t taken = 0;
  std::vector<double> first_losses;
  double first_temperature = 0;

  /// Falls from 1 to `cold`.
  double coolness() const {
    const double walked = static_cast<double>(taken) - static_cast<double>(founders);
    const double whole = std::max(1.0, trials - static_cast<double>(founders));
    return std::pow(options.cold, std::clamp(walked / whole, 0.0, 1.0));
  }
  double temperature() const { return first_temperature * coolness(); }
  double step() const { return options.step * std::sqrt(coolness()); }

  void take(const History& history, std::span<const Individual> all, std::size_t position) {
    const Individual& individual = all[position];
    if (taken < founders && individual.is_finite()) first_losses.push_back(individual.losses.front());
    const bool accepts = !present || is_better(individual, all[*present]) ||
                         (taken >= founders && is_borne(history, individual, all[*present]));
    if (accepts) present = position;
    if (++taken == founders && !first_losses.empty())
      first_temperature = options.heat * math::standard_deviation(first_losses);
  }

 private:
  /// Whether a worse point is accepted.
  bool is_borne(const History& history, const Individual& next, const Individual& before) const {
    if (!next.is_finite() || next.allowed != before.allowed || first_temperature <= 0) return false;
    Rng rng({history.spec.seed, stream_id("annealing acceptance"), static_cast<std::uint64_t>(next.trial)});
    return rng.uniform() < std::exp(-(next.losses.front() - before.losses.front()) / temperature());
  }
};

class AnnealingSampler final : public PopulationSampler {
 public:
  explicit AnnealingSampler(AnnealingOptions options) : options_(options) {}

 protected:
  Result<std::optional<Suggestion>> next(const History& history, const Chronicle& chronicle,
                                         const RngKey& key) override {
    Walk beginning;
    beginning.options = options_;
    beginning.founders =
        static_cast<std::size_t>(population_size(history, options_.founders, 20, kFewestFirst, kMostFirst));
    if (history.planned_trials > 0) beginning.trials = static_cast<double>(history.planned_trials);
    const Walk& walk = fold_.follow(history, chronicle, beginning);
    const auto all = chronicle.individuals();
    const auto walked = static_cast<std::int64_t>(walk.taken);
    if (key.trial < walk.founders || !walk.present || !all[*walk.present].is_finite())
      return suggest_founder(history, taken(), "annealing", walked, key);

    const std::int64_t parent = all[*walk.present].trial;
    Rng rng({key.seed, stream_id("annealing"), key.trial});
    bool steps = false;
    const auto make = [&](std::span<double> child) {
      steps = step_aside(history.spec.space, chronicle.genes(parent), walk.step(), rng, child);
    };
    const auto reason = [&] {
      Json why = descent("annealing", std::span(&parent, 1), steps ? "step" : "change", walked);
      why["temperature"] = walk.temperature();
      return why;
    };
    return suggest_child(history, taken(), make, reason, rng);
  }

 private:
  AnnealingOptions options_;
  PopulationFold<Walk> fold_;
};

Result<std::unique_ptr<Sampler>> make_annealing(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const AnnealingOptions options, annealing_fields().read(node));
  return std::make_unique<AnnealingSampler>(options);
}

}  // namespace

SamplerRow annealing_row() {
  return {"annealing", "simulated annealing: worse steps are borne less and less", annealing_fields().rows(),
          make_annealing};
}

}  // namespace pegbox
