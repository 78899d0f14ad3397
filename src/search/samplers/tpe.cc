// tpe: the tree-structured Parzen estimator.
#include "search/samplers/tpe.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "search/samplers/candidates.h"
#include "search/samplers/central_beliefs.h"
#include "search/samplers/design.h"
#include "search/samplers/draw.h"
#include "search/samplers/good_trials.h"
#include "search/samplers/parzen_space.h"
#include "search/samplers/suggest_each.h"

namespace pegbox {
namespace {

constexpr int kRounds = 16;               ///< of draws, until one is allowed and new
constexpr std::int64_t kMaxListed = 256;  ///< configurations that are all looked at
constexpr double kBaseWeight = 1;         ///< of the base component; a trial's is 1 in the mean
constexpr double kGoodFraction = 0.2;
constexpr double kMaxGood = 25;
constexpr double kGoodBandwidth = 0.75, kOtherBandwidth = 0.1;
constexpr double kFlatMean = 0.5, kFlatSquare = 1.0 / 3;  ///< moments of a flat draw

struct TpeOptions {
  std::int64_t initial = 0;
  std::int64_t candidates = 24;
};

const FieldTable<TpeOptions>& tpe_fields() {
  static const FieldTable<TpeOptions> table(std::vector<Field<TpeOptions>>{
      {.name = "initial",
       .member = &TpeOptions::initial,
       .minimum = 0,
       .help = "trials before the densities are asked; 0: 4, or up to 12 where parameters depend on others"},
      {.name = "candidates",
       .member = &TpeOptions::candidates,
       .minimum = 1,
       .maximum = 10'000,
       .help = "draws from the density of good trials, of which the best is taken",
       .source = "24 is the default of Hyperopt and Optuna; on test functions 8 to 200 made no difference"}});
  return table;
}

/// Configurations that may be suggested, as the densities see them.
struct Draws {
  std::vector<std::vector<double>> units;  ///< [m][d]: in the unit cube
  std::vector<float> places;               ///< [m, d]
  std::vector<double> log_base;            ///< [m, d]
};

/// Trials as a density: those of l.
struct GoodDensity {
  math::ParzenPoints points;
  std::vector<float> weights;
  std::vector<double> bandwidths;
};

class TpeSampler final : public Sampler {
 public:
  TpeSampler(const StudySpec& spec, TpeOptions options)
      : options_(options), space_(spec.space), good_(space_.axes()), others_(space_.axes()) {}

  Result<std::vector<Suggestion>> suggest(const History& history, int count, RngKey key) override {
    taken_.update(history);
    const Observations& observations = observations_.update(history, history.trials);
    follow(history);
    std::optional<Design> design;
    return suggest_each(count, key, taken_, [&](const RngKey& each) -> Result<std::optional<Suggestion>> {
      const bool modelled = is_modelled(history, observations, points_.size(), options_.initial);
      if (!modelled && !design) design.emplace(history, history.spec.space, without_priors(history.spec.space), "tpe");
      PEGBOX_TRY(auto suggestion, modelled ? model(history, observations, each) : design->next(taken_, each));
      if (suggestion) add_point(history, suggestion->config);
      return suggestion;
    });
  }

 private:
  /// Brings the points up to the history's trials, without what was suggested last time.
  void follow(const History& history) {
    if (observations_.restarts() != restarts_) {
      restarts_ = observations_.restarts();
      space_ = ParzenSpace(history.spec.space);
      good_ = math::Parzen(space_.axes());
      others_ = math::Parzen(space_.axes());
      points_ = math::ParzenPoints(space_.axes().size());
      followed_ = 0;
      most_active_ = 0;
    }
    points_.resize(followed_);
    others_.forget_from(followed_);
    for (; followed_ < history.trials.size(); ++followed_) {
      const auto places = add_point(history, history.trials[followed_].config);
      most_active_ = std::max(most_active_, std::ranges::count_if(places, [](float place) { return place >= 0; }));
    }
  }

  std::vector<float> add_point(const History& history, const Config& config) {
    std::vector<float> places = space_.places(history.spec.space.to_unit(config));
    points_.push_back(places);
    return places;
  }

  Result<std::optional<Suggestion>> model(const History& history, const Observations& observations, const RngKey& key) {
    const std::size_t ended = observations.measured.size() + observations.failed.size();
    const double wanted = std::min(kMaxGood, std::ceil(kGoodFraction * static_cast<double>(ended)));
    GoodTrials good = choose_good(observations.measured, static_cast<std::size_t>(wanted));
    for (const std::size_t axis : space_.branching())
      keep_best_of_each(
          observations.measured, [&](std::int64_t trial) { return points_.at(static_cast<std::size_t>(trial), axis); },
          good);
    const GoodDensity density = density_of(observations, good);
    good_.forget_from(0);
    good_.update(density.points, density.bandwidths);
    others_.update(points_, other_bandwidths());
    const std::vector<float> other_weights = weights_of_others(history, observations, good);

    Rng rng({key.seed, stream_id("tpe"), key.trial});
    for (int round = 0; round < kRounds; ++round) {
      PEGBOX_TRY(const Draws draws, draw(history, density, rng));
      const auto log_l = good_.log_density(density.points, density.weights, kBaseWeight, draws.places, draws.log_base);
      const auto log_g = others_.log_density(points_, other_weights, kBaseWeight, draws.places, draws.log_base);
      std::vector<double> merits(draws.units.size());
      std::ranges::transform(log_l, log_g, merits.begin(), std::minus<>());
      PEGBOX_TRY(auto chosen, best_allowed(history, draws, merits));
      if (!chosen) continue;
      chosen->reason["good"] = density.points.size();
      chosen->reason["prior_weight"] = kBaseWeight / (kBaseWeight + static_cast<double>(density.points.size()));
      return chosen;
    }
    return draw_anywhere(history, rng);
  }

  GoodDensity density_of(const Observations& observations, const GoodTrials& good) const {
    const std::size_t d = space_.axes().size();
    GoodDensity density{math::ParzenPoints(d), {good.weights.begin(), good.weights.end()}, {}};
    std::vector<float> point(d);
    for (const std::size_t place : good.places) {
      const auto trial = static_cast<std::size_t>(observations.measured[place].trial);
      for (std::size_t axis = 0; axis < d; ++axis) point[axis] = points_.at(trial, axis);
      density.points.push_back(point);
    }
    for (std::size_t axis = 0; axis < d; ++axis) density.bandwidths.push_back(good_bandwidth(density.points, axis));
    return density;
  }

  double good_bandwidth(const math::ParzenPoints& points, std::size_t axis) const {
    if (space_.axes()[axis].is_choice)
      return choice_bandwidth(axis, std::sqrt(static_cast<double>(points.present(axis))));
    double n = 0, sum = kFlatMean, squares = kFlatSquare;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double place = points.at(i, axis);
      if (place < 0) continue;
      n += 1;
      sum += place;
      squares += place * place;
    }
    const double mean = sum / (n + 1), variance = squares / (n + 1) - mean * mean;
    return bandwidth(axis, kGoodBandwidth * std::sqrt(std::max(0.0, variance)), n);
  }

  std::vector<double> other_bandwidths() const {
    std::vector<double> bandwidths;
    for (std::size_t axis = 0; axis < space_.axes().size(); ++axis) {
      const std::size_t n = points_.present(axis);
      bandwidths.push_back(space_.axes()[axis].is_choice
                               ? choice_bandwidth(axis, static_cast<double>(n))
                               : bandwidth(axis, kOtherBandwidth, static_cast<double>(std::bit_floor(n))));
    }
    return bandwidths;
  }

  /// `n`: trials on the axis.
  double bandwidth(std::size_t axis, double scale, double n) const {
    const auto levels = static_cast<double>(space_.levels(axis));
    const double shrunk = scale * std::pow(std::max(1.0, n), -1 / static_cast<double>(most_active_ + 1));
    return levels > 0 ? std::max(shrunk, 0.5 / levels) : shrunk;
  }

  double choice_bandwidth(std::size_t axis, double n) const {
    const auto choices = static_cast<double>(space_.levels(axis));
    return choices / (choices + n + 1);
  }

  /// 1 for each trial in g and for each suggestion of this call, else 0.
  std::vector<float> weights_of_others(const History& history, const Observations& observations,
                                       const GoodTrials& good) const {
    std::vector<float> weights(points_.size(), 0.f);
    std::fill(weights.begin() + static_cast<std::ptrdiff_t>(history.trials.size()), weights.end(), 1.f);
    for (const Measured& each : observations.measured) weights[static_cast<std::size_t>(each.trial)] = 1;
    for (const std::int64_t trial : observations.failed) weights[static_cast<std::size_t>(trial)] = 1;
    for (const std::int64_t trial : observations.pending) weights[static_cast<std::size_t>(trial)] = 1;
    for (const std::size_t place : good.places)
      weights[static_cast<std::size_t>(observations.measured[place].trial)] = 0;
    return weights;
  }

  /// Every new configuration of a small space; else draws from l.
  Result<Draws> draw(const History& history, const GoodDensity& density, Rng& rng) const {
    const Space& space = history.spec.space;
    Draws draws;
    Candidates pool(history, history.spec.space, taken_);
    PEGBOX_TRY(const bool listed, pool.add_all(kMaxListed));
    for (const Candidate& candidate : pool.all()) append(draws, candidate.unit.at, space_.places(candidate.unit));
    if (listed) return draws;
    const std::int64_t tries = history.constraints.empty() ? options_.candidates : kRounds * options_.candidates;
    for (std::int64_t i = 0; i < tries && std::ssize(draws.units) < options_.candidates; ++i) {
      const std::vector<double> unit = draw_one(density, rng);
      if (!history.constraints.empty()) {
        PEGBOX_TRY(const bool feasible, is_feasible(history, space.from_unit(unit)));
        if (!feasible) continue;
      }
      append(draws, unit, places_at(space, unit));
    }
    return draws;
  }

  std::vector<double> draw_one(const GoodDensity& density, Rng& rng) const {
    const double total = std::accumulate(density.weights.begin(), density.weights.end(), kBaseWeight);
    double left = rng.uniform() * total - kBaseWeight;  // below 0: the base
    std::size_t component = 0;
    const bool from_base = left < 0 || density.points.size() == 0;
    while (!from_base && component + 1 < density.points.size() &&
           left >= static_cast<double>(density.weights[component]))
      left -= static_cast<double>(density.weights[component++]);
    std::vector<double> unit(space_.axes().size());
    for (std::size_t axis = 0; axis < unit.size(); ++axis) {
      const float center = from_base ? math::kAbsent : density.points.at(component, axis);
      const double drawn =
          center < 0 ? space_.draw_base(axis, rng) : space_.draw_near(axis, center, density.bandwidths[axis], rng);
      unit[axis] = space_.snapped(axis, drawn);
    }
    return unit;
  }

  std::vector<float> places_at(const Space& space, const std::vector<double>& unit) const {
    if (space_.has_conditions()) return space_.places(space.to_unit(space.from_unit(unit)));
    std::vector<float> places(unit.size());
    for (std::size_t axis = 0; axis < unit.size(); ++axis) places[axis] = space_.place(axis, unit[axis]);
    return places;
  }

  void append(Draws& draws, const std::vector<double>& unit, const std::vector<float>& places) const {
    draws.units.push_back(unit);
    draws.places.insert(draws.places.end(), places.begin(), places.end());
    for (std::size_t axis = 0; axis < unit.size(); ++axis)
      draws.log_base.push_back(places[axis] < 0 ? 0 : space_.log_base(axis, unit[axis]));
  }

  Result<std::optional<Suggestion>> best_allowed(const History& history, const Draws& draws,
                                                 std::span<const double> merits) const {
    std::vector<std::size_t> order(merits.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t i) { return merits[i]; });
    for (const std::size_t i : order) {
      Config config = history.spec.space.from_unit(draws.units[i]);
      if (taken_.contains(config)) continue;
      PEGBOX_TRY(const bool feasible, is_feasible(history, config));
      if (feasible) return Suggestion{std::move(config), {{"by", "tpe"}, {"acquisition", json_number(merits[i])}}};
    }
    return std::nullopt;
  }

  /// Where l gives nothing that is allowed and new.
  Result<std::optional<Suggestion>> draw_anywhere(const History& history, Rng& rng) const {
    const auto propose = [&](std::uint64_t, std::span<double> at) {
      for (std::size_t axis = 0; axis < at.size(); ++axis) at[axis] = space_.draw_base(axis, rng);
    };
    PEGBOX_TRY(auto drawn, draw_new(history, taken_, propose, rng));
    if (!drawn) return std::nullopt;
    return Suggestion{std::move(drawn->config), {{"by", "tpe"}, {"drawn", "anywhere"}}};
  }

  TpeOptions options_;
  ParzenSpace space_;
  TakenConfigs taken_;
  ObservationCache observations_;
  std::uint64_t restarts_ = 0;  ///< of observations_, when points_ began
  math::Parzen good_, others_;
  math::ParzenPoints points_;       ///< [trials, and suggestions of the present call]
  std::size_t followed_ = 0;        ///< trials among them
  std::ptrdiff_t most_active_ = 0;  ///< axes of one of these trials, at most
};

Result<std::unique_ptr<Sampler>> make_tpe(const StudySpec& spec, const Node& node) {
  PEGBOX_TRY(const TpeOptions options, tpe_fields().read(node));
  return std::make_unique<TpeSampler>(spec, options);
}

}  // namespace

SamplerRow tpe_row() {
  return {"tpe", "tree-structured Parzen estimator: where good trials are dense and the others are not",
          tpe_fields().rows(), make_tpe};
}

}  // namespace pegbox
