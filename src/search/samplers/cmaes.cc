// cmaes: the covariance matrix adaptation evolution strategy over mixed and conditional spaces.
#include "search/samplers/cmaes.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "base/number.h"
#include "math/pareto.h"
#include "search/samplers/cma_distribution.h"
#include "search/samplers/draw.h"
#include "search/samplers/evidence.h"
#include "search/samplers/observations.h"
#include "search/samplers/suggest_each.h"

namespace pegbox {
namespace {

constexpr int kTries = 200;               ///< draws, until one is allowed and new
constexpr std::int64_t kMaxRestarts = 9;  ///< that double the population

struct CmaesOptions {
  std::int64_t population = 0;
};

const FieldTable<CmaesOptions>& cmaes_fields() {
  static const FieldTable<CmaesOptions> table(std::vector<Field<CmaesOptions>>{
      {.name = "population",
       .member = &CmaesOptions::population,
       .minimum = 0,
       .maximum = 10'000,
       .help = "trials of a generation; 0: 4 + 3 log(axes), twice as many after each restart; at least 4",
       .source = "arXiv 1604.00772"}});
  return table;
}

std::optional<std::int64_t> integer_of(const Json& reason, const char* key) {
  const auto found = reason.find(key);
  if (found == reason.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

std::vector<std::int64_t> integers_of(const Json& reason, const char* key) {
  std::vector<std::int64_t> numbers;
  const auto found = reason.find(key);
  if (found == reason.end() || !found->is_array()) return numbers;
  for (const Json& each : *found)
    if (each.is_number_integer()) numbers.push_back(each.get<std::int64_t>());
  return numbers;
}

/// Which generation of which start.
struct Era {
  std::int64_t restart = 0, generation = 0;
  bool operator==(const Era&) const = default;
};

/// A distribution and the trials drawn from it.
struct Generation {
  Era era;
  CmaDistribution distribution;
  std::vector<std::int64_t> after;          ///< what made it, best first
  std::map<std::int64_t, CmaDraw> members;  ///< by trial
};

class CmaesSampler final : public Sampler {
 public:
  CmaesSampler(const StudySpec& spec, CmaesOptions options) : options_(options), axes_(spec.space) {}

  Result<std::vector<Suggestion>> suggest(const History& history, int count, RngKey key) override {
    taken_.update(history);
    const Observations& observations = observations_.update(history, history.trials);
    follow(history);
    next_ = current_ ? next_generation(history, observations) : first(history, observations);
    const Generation& generation = next_ ? *next_ : *current_;
    return suggest_each(count, key, taken_, [&](const RngKey& each) { return draw(history, generation, each); });
  }

 private:
  void follow(const History& history) {
    if (observations_.restarts() != restarts_) {
      restarts_ = observations_.restarts();
      axes_ = CmaAxes(history.spec.space);
      current_.reset();
      next_.reset();
      followed_ = 0;
    }
    for (; followed_ < history.trials.size(); ++followed_) take_in(history, history.trials[followed_]);
  }

  /// A trial of the present generation, or the first of the next; others are not for this strategy.
  void take_in(const History& history, const Trial& trial) {
    const Json& reason = trial.reason;
    if (!reason.is_object() || reason.value("by", "") != "cmaes") return;
    const auto restart = integer_of(reason, "restart"), generation = integer_of(reason, "generation");
    if (!restart || !generation || !history.spec.space.contains(trial.config)) return;
    const Era era{*restart, *generation};
    if (!current_ && era == Era{}) {
      from_ = integer_of(reason, "from");
      current_ = start(history, era, from_);
    }
    if (!current_) return;
    if (current_->era != era) {
      auto next = advanced(history, *current_, integers_of(reason, "after"));
      if (!next || next->era != era) return;
      current_ = std::move(next);
    }
    current_->members.emplace(trial.number, draw_of(history, trial));
  }

  /// What was drawn: the configuration's place, and "latent" where that does not say it.
  CmaDraw draw_of(const History& history, const Trial& trial) const {
    const UnitPoint point = history.spec.space.to_unit(trial.config);
    CmaDraw draw{point.at, point.active};
    const auto latent = trial.reason.find("latent");
    if (latent == trial.reason.end() || !latent->is_array()) return draw;
    std::size_t next = 0;
    for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
      if (!is_latent(axis, draw.active[axis])) continue;
      if (next < latent->size() && (*latent)[next].is_number()) draw.at[axis] = (*latent)[next].get<double>();
      ++next;
    }
    return draw;
  }

  bool is_latent(std::size_t axis, bool active) const {
    return !axes_.is_choice(axis) && (!active || !axes_.thresholds(axis).empty());
  }

  int population(std::int64_t restart) const {
    const std::int64_t usual = math::cma_population(static_cast<int>(axes_.size()));
    const std::int64_t first = options_.population > 0 ? std::max<std::int64_t>(4, options_.population) : usual;
    return static_cast<int>(first << std::min(restart, kMaxRestarts));
  }

  Generation start(const History& history, Era era, std::optional<std::int64_t> from) const {
    std::vector<double> mean(axes_.size());
    for (std::size_t axis = 0; axis < mean.size(); ++axis) mean[axis] = axes_.prior_middle(axis);
    const bool has_trial = from && *from >= 0 && *from < std::ssize(history.trials);
    if (has_trial) {
      const UnitPoint point = history.spec.space.to_unit(history.trials[static_cast<std::size_t>(*from)].config);
      for (std::size_t axis = 0; axis < mean.size(); ++axis)
        if (point.active[axis]) mean[axis] = point.at[axis];
    }
    if (era.restart > 0) {
      Rng rng({history.spec.seed, stream_id("cmaes restart"), static_cast<std::uint64_t>(era.restart)});
      for (double& each : mean) each = rng.uniform();
      history.spec.space.apply_prior(mean);
    }
    return {era, CmaDistribution(axes_, mean, has_trial && era.restart == 0, population(era.restart)), {}, {}};
  }

  /// The very first one: from the best trial of others.
  std::optional<Generation> first(const History& history, const Observations& observations) {
    from_.reset();
    double best = kInfinity;
    const std::vector<double> weights(history.spec.objectives.size(),
                                      1.0 / static_cast<double>(history.spec.objectives.size()));
    const auto losses = scalarize(observations.measured, weights);
    for (std::size_t i = 0; i < losses.size(); ++i) {
      if (!observations.measured[i].allowed || !(losses[i] < best)) continue;
      best = losses[i];
      from_ = observations.measured[i].trial;
    }
    return start(history, {}, from_);
  }

  /// The generation that some members make, ranked; nothing if they do not.
  std::optional<Generation> advanced(const History& history, const Generation& last,
                                     const std::vector<std::int64_t>& ranked) const {
    if (std::ssize(ranked) != last.distribution.population()) return std::nullopt;
    std::vector<CmaDraw> draws;
    for (const std::int64_t trial : ranked) {
      const auto member = last.members.find(trial);
      if (member == last.members.end()) return std::nullopt;
      draws.push_back(member->second);
    }
    const bool is_known = next_ && next_->after == ranked;  // trials make one generation only
    if (is_known) return next_;
    Generation next{{last.era.restart, last.era.generation + 1}, last.distribution, ranked, {}};
    next.distribution.update(axes_, draws);
    if (next.distribution.has_converged(axes_)) next = start(history, {last.era.restart + 1, 0}, std::nullopt);
    next.after = ranked;
    return next;
  }

  /// The next one, if enough trials of the present one have a result.
  std::optional<Generation> next_generation(const History& history, const Observations& observations) const {
    const auto population = static_cast<std::size_t>(current_->distribution.population());
    if (current_->members.size() < population) return std::nullopt;
    std::vector<Measured> ended;
    const std::vector<double> none(history.spec.objectives.size(), kInfinity);
    for (const auto& [trial, draw] : current_->members) {
      const TrialState state = history.trials[static_cast<std::size_t>(trial)].state;
      const auto found = std::ranges::lower_bound(observations.measured, trial, {}, &Measured::trial);
      const bool measured = found != observations.measured.end() && found->trial == trial;
      if (measured && (is_final(state) || state == TrialState::Paused))
        ended.push_back(*found);
      else if (is_final(state))
        ended.push_back({trial, none, false});
      if (ended.size() == population) return advanced(history, *current_, ranked(std::move(ended)));
    }
    return std::nullopt;
  }

  static std::vector<std::int64_t> ranked(std::vector<Measured> ended) {
    const std::size_t objectives = ended.front().losses.size();
    std::vector<int> fronts(ended.size(), 0);
    if (objectives > 1) {
      std::vector<double> rows;
      for (const Measured& each : ended) rows.insert(rows.end(), each.losses.begin(), each.losses.end());
      fronts = math::non_dominated_ranks(rows, static_cast<int>(objectives)).value_or(fronts);
    }
    const auto losses = scalarize(ended, std::vector<double>(objectives, 1.0 / static_cast<double>(objectives)));
    std::vector<std::size_t> order(ended.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, {}, [&](std::size_t i) {
      const bool diverged = !std::isfinite(losses[i]);
      return std::tuple(diverged, !ended[i].allowed, fronts[i], losses[i]);
    });
    std::vector<std::int64_t> trials;
    for (const std::size_t i : order) trials.push_back(ended[i].trial);
    return trials;
  }

  Result<std::optional<Suggestion>> draw(const History& history, const Generation& generation, const RngKey& key) {
    const Space& space = history.spec.space;
    Rng rng({key.seed, stream_id("cmaes"), key.trial});
    for (int attempt = 0; attempt < kTries && axes_.size() > 0; ++attempt) {
      const std::vector<double> at = generation.distribution.draw(axes_, rng);
      std::vector<double> unit(at);
      for (double& each : unit) each = std::clamp(each, 0.0, 1.0);
      Config config = space.from_unit(unit);
      if (taken_.contains(config)) continue;
      PEGBOX_TRY(const bool feasible, is_feasible(history, config));
      if (!feasible) continue;
      Json reason = reason_of(generation, at, space.to_unit(config).active);
      return Suggestion{std::move(config), std::move(reason)};
    }
    const auto propose = [&](std::uint64_t, std::span<double> at) {
      for (double& each : at) each = rng.uniform();
      space.apply_prior(at);
    };
    PEGBOX_TRY(auto drawn, draw_new(history, taken_, propose, rng));
    if (!drawn) return std::nullopt;
    return Suggestion{std::move(drawn->config), {{"by", "cmaes"}, {"drawn", "anywhere"}}};
  }

  Json reason_of(const Generation& generation, const std::vector<double>& at, const std::vector<bool>& active) const {
    Json reason = {{"by", "cmaes"},
                   {"restart", generation.era.restart},
                   {"generation", generation.era.generation},
                   {"sigma", generation.distribution.sigma()}};
    if (!generation.after.empty()) reason["after"] = generation.after;
    if (generation.era == Era{} && from_) reason["from"] = *from_;
    std::vector<double> latent;
    for (std::size_t axis = 0; axis < at.size(); ++axis)
      if (is_latent(axis, active[axis])) latent.push_back(at[axis]);
    if (!latent.empty()) reason["latent"] = latent;
    return reason;
  }

  CmaesOptions options_;
  CmaAxes axes_;
  TakenConfigs taken_;
  ObservationCache observations_;
  std::uint64_t restarts_ = 0;         ///< of observations_, when the fold began
  std::optional<Generation> current_;  ///< of the last trials in the log
  std::optional<Generation> next_;     ///< what their results make; in the log once one of its trials is
  std::optional<std::int64_t> from_;   ///< the trial that the first generation starts from
  std::size_t followed_ = 0;
};

Result<std::unique_ptr<Sampler>> make_cmaes(const StudySpec& spec, const Node& node) {
  PEGBOX_TRY(const CmaesOptions options, cmaes_fields().read(node));
  return std::make_unique<CmaesSampler>(spec, options);
}

}  // namespace

SamplerRow cmaes_row() {
  return {"cmaes", "covariance matrix adaptation evolution strategy, with integers and choices", cmaes_fields().rows(),
          make_cmaes};
}

}  // namespace pegbox
