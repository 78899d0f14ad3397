// bohb: kernel densities of good and bad configurations.
#include "search/samplers/bohb.h"

#include <algorithm>
#include <numeric>

#include "math/kernel_density.h"
#include "search/samplers/fidelities.h"
#include "search/samplers/population_sampler.h"

namespace pegbox {
namespace {

struct BohbOptions {
  double good = 0.15;
  double random = 1.0 / 3;
  std::int64_t candidates = 64;
  double widening = 3;
};

const FieldTable<BohbOptions>& bohb_fields() {
  static const FieldTable<BohbOptions> table(
      std::vector<Field<BohbOptions>>{{.name = "good",
                                       .member = &BohbOptions::good,
                                       .minimum = 0,
                                       .maximum = 1,
                                       .help = "this part of the trials of a fidelity, the best, is good",
                                       .source = "arXiv 1807.01774"},
                                      {.name = "random",
                                       .member = &BohbOptions::random,
                                       .minimum = 0,
                                       .maximum = 1,
                                       .help = "this part of the suggestions is drawn from the priors",
                                       .source = "arXiv 1807.01774"},
                                      {.name = "candidates",
                                       .member = &BohbOptions::candidates,
                                       .minimum = 1,
                                       .maximum = 100'000,
                                       .help = "draws from the good ones' density, of which the best is suggested",
                                       .source = "arXiv 1807.01774"},
                                      {.name = "widening",
                                       .member = &BohbOptions::widening,
                                       .minimum = 1,
                                       .maximum = 100,
                                       .help = "bandwidths of these draws are multiplied by it",
                                       .source = "arXiv 1807.01774"}});
  return table;
}

/// Densities at one fidelity.
struct Model {
  math::KernelDensity good, bad;
  std::int64_t step = 0;
  std::vector<std::int64_t> best;  ///< the good trials
};

class BohbSampler final : public PopulationSampler {
 public:
  explicit BohbSampler(BohbOptions options) : options_(options) {}

 protected:
  Result<std::optional<Suggestion>> next(const History& history, const Chronicle& chronicle,
                                         const RngKey& key) override {
    Rng rng({key.seed, stream_id("bohb"), key.trial});
    const bool is_random = rng.uniform() < options_.random;
    PEGBOX_TRY(const auto model, is_random ? std::optional<Model>{} : learn(history, chronicle));
    if (!model) return suggest_founder(history, taken(), "bohb", 0, key);
    double merit = 0;
    const auto make = [&](std::span<double> chosen) {
      merit = -HUGE_VAL;
      for (std::int64_t i = 0; i < options_.candidates; ++i) {
        const auto candidate = model->good.sample(options_.widening, rng);
        const double gain = model->good.log_density(candidate) - model->bad.log_density(candidate);
        if (gain <= merit && i > 0) continue;
        merit = gain;
        std::ranges::copy(candidate, chosen.begin());
      }
    };
    const auto reason = [&] {
      Json why = descent("bohb", {}, "model", 0);
      why["acquisition"] = json_number(merit);
      why["good"] = model->best.size();
      if (model->step != kFullLength) why["fidelity"] = model->step;
      return why;
    };
    return suggest_child(history, taken(), make, reason, rng);
  }

 private:
  /// Of the highest fidelity with enough trials; nothing if none has.
  Result<std::optional<Model>> learn(const History& history, const Chronicle& chronicle) const {
    const auto least = static_cast<std::size_t>(history.spec.space.dimensions()) + 1;
    if (least == 1) return std::nullopt;
    const auto fidelities = fidelities_of(history);
    const auto taken = std::find_if(fidelities.rbegin(), fidelities.rend(),
                                    [&](const Fidelity& each) { return each.measured() >= least + 2; });
    if (taken == fidelities.rend()) return std::nullopt;
    std::vector<std::size_t> all(taken->individuals.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    const Ranked ranked = rank_members(taken->individuals, all);
    const auto part = static_cast<std::size_t>(options_.good * static_cast<double>(all.size()));
    const std::size_t good = std::clamp(part, least, taken->measured() - 2);
    std::vector<double> good_points, bad_points;
    std::vector<std::int64_t> best;
    for (std::size_t i = 0; i < ranked.members.size(); ++i) {
      const std::int64_t trial = taken->individuals[ranked.members[i]].trial;
      const auto genes = chronicle.genes(trial);
      if (i < good) best.push_back(trial);
      std::vector<double>& points = i < good ? good_points : bad_points;
      points.insert(points.end(), genes.begin(), genes.end());
    }
    std::vector<std::int64_t> categories;
    for (const Axis& axis : history.spec.space.axes())
      categories.push_back(axis.kind == AxisKind::Categorical ? axis.levels : 0);
    PEGBOX_TRY(auto of_good, math::KernelDensity::create(good_points, categories));
    PEGBOX_TRY(auto of_bad, math::KernelDensity::create(bad_points, categories));
    return Model{std::move(of_good), std::move(of_bad), taken->step, std::move(best)};
  }

  BohbOptions options_;
};

Result<std::unique_ptr<Sampler>> make_bohb(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const BohbOptions options, bohb_fields().read(node));
  return std::make_unique<BohbSampler>(options);
}

}  // namespace

SamplerRow bohb_row() {
  return {"bohb", "BOHB: densities of good and bad configurations, for use with hyperband", bohb_fields().rows(),
          make_bohb};
}

}  // namespace pegbox
