// StudySensitivity: see study_sensitivity.h.
#include "app/study_sensitivity.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "math/normal_mixture.h"
#include "search/samplers/beliefs.h"
#include "search/samplers/evidence.h"
#include "search/samplers/standings.h"
#include "search/samplers/surrogate.h"

namespace pegbox {
namespace {

constexpr int kPlaces = 41;                        // looked at on an axis of numbers
constexpr std::size_t kMostLevels = 41;            // of an axis that has levels, so many
constexpr int kNeighbours = 48, kBoxPoints = 256;  // drawn
constexpr double kTail = 0.025;

/// The models' loss relative to that of the best configuration.
struct Excess {
  double mean = 0, high = 0;  ///< `high`: 97.5 %
};

class Landscape {
 public:
  static Result<Landscape> of(const History& history) {
    const Observations observations = observe(history, history.trials);
    PEGBOX_TRY(Beliefs beliefs, Beliefs::form(history, observations, {.no_luck = ignores_seeds(history)}));
    return Landscape(history.spec.space, std::move(beliefs));
  }

  double noise() const { return std::sqrt(beliefs_.noise_variance()); }
  std::vector<double> means(std::span<const Config> configs) const { return beliefs_.means(encoded(configs)); }

  /// Of each of `configs` over `best`. Asked about in pieces: a joint prediction of m points has m^2 covariances.
  std::vector<Excess> excess(const Config& best, std::span<const Config> configs) const {
    std::vector<Config> all{best};
    all.insert(all.end(), configs.begin(), configs.end());
    const auto joint = beliefs_.predict_jointly(encoded(all));
    std::vector<Excess> found;
    for (std::size_t i = 1; i < all.size(); ++i) {
      std::vector<math::Prediction> differences;
      Excess excess;
      for (const auto& [means, covariances] : joint) {
        const std::size_t m = means.size();
        const double variance = covariances[i * m + i] + covariances[0] - 2 * covariances[i];
        differences.push_back({means[i] - means[0], std::max(0.0, variance)});
        excess.mean += differences.back().mean / static_cast<double>(joint.size());
      }
      excess.high = math::mixture_quantile(differences, 1 - kTail);
      found.push_back(excess);
    }
    return found;
  }

 private:
  Landscape(const Space& space, Beliefs beliefs) : space_(&space), beliefs_(std::move(beliefs)) {}
  std::vector<double> encoded(std::span<const Config> configs) const {
    std::vector<double> points;
    for (const Config& config : configs) {
      const auto point = encode(*space_, space_->to_unit(config));
      points.insert(points.end(), point.begin(), point.end());
    }
    return points;
  }

  const Space* space_;
  Beliefs beliefs_;
};

/// The configurations along an axis through `config`, in the order of the axis, each once.
std::vector<Config> along(const Space& space, const Config& config, std::size_t axis) {
  const std::vector<double> at = space.to_unit(config).at;
  const std::int64_t levels = space.axes()[axis].levels;
  const auto places = levels > 0 && levels <= static_cast<std::int64_t>(kMostLevels) ? levels : kPlaces;
  std::vector<Config> configs;
  for (std::int64_t i = 0; i < places; ++i) {
    std::vector<double> moved = at;
    moved[axis] = levels == places ? (static_cast<double>(i) + 0.5) / static_cast<double>(places)
                                   : static_cast<double>(i) / static_cast<double>(places - 1);
    Config each = space.from_unit(moved);
    if (configs.empty() || !(configs.back() == each)) configs.push_back(std::move(each));
  }
  return configs;
}

const Value& value_in(const Config& config, const std::string& parameter) { return *config.find(parameter); }

bool is_choice(const Axis& axis) { return axis.kind == AxisKind::Categorical; }

/// From the place of the best value on, as far as `holds` on both sides.
std::pair<std::size_t, std::size_t> run_around(std::size_t best, std::size_t count,
                                               const std::function<bool(std::size_t)>& holds) {
  std::size_t low = best, high = best;
  while (low > 0 && holds(low - 1)) --low;
  while (high + 1 < count && holds(high + 1)) ++high;
  return {low, high};
}

ParameterSensitivity sensitivity_along(const Space& space, const Landscape& landscape, const Config& best,
                                       std::size_t axis_number, double margin) {
  const Axis& axis = space.axes()[axis_number];
  const std::string& name = space.parameters()[static_cast<std::size_t>(axis.parameter)].name;
  ParameterSensitivity found{.parameter = name, .best = value_in(best, name), .worst = value_in(best, name)};
  const std::vector<Config> configs = along(space, best, axis_number);
  const std::vector<Excess> excess = landscape.excess(best, configs);
  const auto value = [&](std::size_t i) { return value_in(configs[i], name); };
  for (std::size_t i = 0; i < configs.size(); ++i)
    if (excess[i].mean > found.worst_loss) found.worst = value(i), found.worst_loss = excess[i].mean;
  const auto is_flat = [&](std::size_t i) { return excess[i].mean <= margin; };
  const auto is_surely = [&](std::size_t i) { return excess[i].high <= margin; };
  if (is_choice(axis)) {
    found.is_range = false;
    for (std::size_t i = 0; i < configs.size(); ++i) {
      const bool is_best = same_value(value(i), found.best);
      if (is_best || is_flat(i)) found.flat.push_back(value(i));
      if (is_best || is_surely(i)) found.surely_flat.push_back(value(i));
    }
    found.is_whole = found.flat.size() == configs.size();
    return found;
  }
  const double at = space.to_unit(best).at[axis_number];
  std::size_t nearest = 0;
  double distance = 2;
  for (std::size_t i = 0; i < configs.size(); ++i)
    if (const double each = std::abs(space.to_unit(configs[i]).at[axis_number] - at); each < distance)
      distance = each, nearest = i;
  const auto ends = [&](const std::function<bool(std::size_t)>& holds) -> std::vector<Value> {
    const auto [low, high] = run_around(nearest, configs.size(), holds);
    if (low == high && distance > 0) return {found.best, found.best};
    return {value(low), value(high)};
  };
  found.flat = ends(is_flat);
  found.surely_flat = ends(is_surely);
  found.is_whole = same_value(found.flat[0], value(0)) && same_value(found.flat[1], value(configs.size() - 1));
  return found;
}

/// Axes that the configuration has; those of a simplex move together and are left out.
std::vector<std::size_t> axes_of(const Space& space, const Config& config) {
  const UnitPoint point = space.to_unit(config);
  std::vector<std::size_t> axes;
  for (std::size_t i = 0; i < point.active.size(); ++i) {
    const Parameter& parameter = space.parameters()[static_cast<std::size_t>(space.axes()[i].parameter)];
    if (point.active[i] && parameter.kind != ParameterKind::Simplex) axes.push_back(i);
  }
  return axes;
}

/// Configurations up to kReach away on each axis of numbers, by the same draws around every centre.
class Neighbourhood {
 public:
  Neighbourhood(const Space& space, const Landscape& landscape) : space_(space), landscape_(landscape) {
    Rng rng({0, stream_id("neighbourhood"), 0});
    draws_.resize(static_cast<std::size_t>(kNeighbours) * space.axes().size());
    for (double& draw : draws_) draw = Sensitivity::kReach * (2 * rng.uniform() - 1);
  }

  std::vector<double> losses(const Config& centre) const {
    const UnitPoint point = space_.to_unit(centre);
    const std::size_t d = point.at.size();
    std::vector<Config> configs;
    for (std::size_t n = 0; n < kNeighbours; ++n) {
      std::vector<double> at = point.at;
      for (std::size_t i = 0; i < d; ++i)
        if (point.active[i] && !is_choice(space_.axes()[i])) at[i] = std::clamp(at[i] + draws_[n * d + i], 0.0, 1.0);
      configs.push_back(space_.from_unit(at));
    }
    return landscape_.means(configs);
  }
  double mean(const Config& centre) const { return math::mean(losses(centre)); }

 private:
  const Space& space_;
  const Landscape& landscape_;
  std::vector<double> draws_;  // [kNeighbours, axes]
};

Surroundings surroundings_of(const History& history, const Landscape& landscape, const Neighbourhood& neighbourhood,
                             const Config& config) {
  const double sign = history.spec.objective().sign();
  Surroundings found{.config = config};
  for (const Trial& trial : history.trials)
    if (!found.trial && trial.config == config) found.trial = trial.number;
  const std::vector<double> losses = neighbourhood.losses(config);
  found.expected = sign * landscape.means(std::span(&config, 1)).front();
  found.around = sign * math::mean(losses);
  found.bad_around = sign * math::quantile(losses, 0.9);
  return found;
}

/// The configuration around which least is expected to be lost on average: the best of those that were ranked, and from
/// it on by steps along single axes that become smaller.
Result<Config> robust_config(const History& history, const Standings& ranked, const Neighbourhood& neighbourhood) {
  const Space& space = history.spec.space;
  Config best;
  double lowest = HUGE_VAL;
  const auto consider = [&](const Config& config) -> Result<bool> {
    PEGBOX_TRY(const auto violated, history.constraints.violated(config));
    if (violated) return false;
    const double loss = neighbourhood.mean(config);
    if (!(loss < lowest)) return false;
    lowest = loss;
    best = config;
    return true;
  };
  for (const RankedConfig& each : ranked.ranked)
    PEGBOX_CHECK(consider(history.trials[static_cast<std::size_t>(each.trials.front())].config));
  for (const double step : {0.1, 0.05}) {
    bool has_moved = true;
    for (int round = 0; round < 4 && has_moved; ++round) {
      has_moved = false;
      for (const std::size_t axis : axes_of(space, best)) {
        if (is_choice(space.axes()[axis])) continue;
        for (const double sign : {-1.0, 1.0}) {
          std::vector<double> at = space.to_unit(best).at;
          at[axis] = std::clamp(at[axis] + sign * step, 0.0, 1.0);
          PEGBOX_TRY(const bool is_better, consider(space.from_unit(at)));
          has_moved = has_moved || is_better;
          if (is_better) break;
        }
      }
    }
  }
  return best;
}

/// Of points drawn within all flat ranges at once, the part that is expected to lose less than the margin.
double share_of_box(const Space& space, const Landscape& landscape, const Config& best,
                    const std::vector<ParameterSensitivity>& parameters, double margin) {
  Rng rng({0, stream_id("flat box"), 0});
  std::vector<Config> configs;
  for (int n = 0; n < kBoxPoints; ++n) {
    std::vector<double> at = space.to_unit(best).at;
    for (const std::size_t axis : axes_of(space, best)) {
      const std::string& name = space.parameters()[static_cast<std::size_t>(space.axes()[axis].parameter)].name;
      const auto found = std::ranges::find(parameters, name, &ParameterSensitivity::parameter);
      const auto place = [&](const Value& value) {
        Config moved = best;
        moved.set(name, value);
        return space.to_unit(moved).at[axis];
      };
      if (found->is_range) {
        const double low = place(found->flat[0]), high = place(found->flat[1]);
        at[axis] = low + rng.uniform() * (high - low);
      } else {
        at[axis] = place(found->flat[rng.below(found->flat.size())]);
      }
    }
    configs.push_back(space.from_unit(at));
  }
  const double at_best = landscape.means(std::span(&best, 1)).front();
  const std::vector<double> losses = landscape.means(configs);
  const auto inside = std::ranges::count_if(losses, [&](double loss) { return loss - at_best <= margin; });
  return static_cast<double>(inside) / static_cast<double>(losses.size());
}

/// A hundredth of what lies between the median and the best result.
double margin_without_luck(const History& history) {
  std::vector<double> losses;
  for (const Trial& trial : history.trials)
    if (const auto loss = loss_of(history, trial)) losses.push_back(*loss);
  return (math::median(losses) - std::ranges::min(losses)) / 100;
}

Json values_json(const std::vector<Value>& values) {
  Json json = Json::array();
  for (const Value& value : values) json.push_back(to_json(value));
  return json;
}

Json surroundings_json(const Surroundings& found) {
  return {{"config", found.config.to_json()},
          {"trial", found.trial ? Json(*found.trial) : Json()},
          {"expected", json_number(found.expected)},
          {"around", json_number(found.around)},
          {"bad_around", json_number(found.bad_around)}};
}

}  // namespace

Result<Sensitivity> study_sensitivity(const History& history, std::optional<double> margin) {
  PEGBOX_TRY(const Standings ranked, standings(history));
  PEGBOX_TRY(const Landscape landscape, Landscape::of(history));
  const Space& space = history.spec.space;
  const Config& best = history.trials[static_cast<std::size_t>(ranked.ranked.front().trials.front())].config;
  Sensitivity found{.margin = ranked.noise, .margin_is_noise = !margin && !ignores_seeds(history)};
  if (!found.margin_is_noise) found.margin = margin.value_or(margin_without_luck(history));
  for (const std::size_t axis : axes_of(space, best))
    found.parameters.push_back(sensitivity_along(space, landscape, best, axis, found.margin));
  std::ranges::stable_sort(found.parameters, std::greater(), &ParameterSensitivity::worst_loss);
  found.box_share = share_of_box(space, landscape, best, found.parameters, found.margin);
  const Neighbourhood neighbourhood(space, landscape);
  PEGBOX_TRY(const Config robust, robust_config(history, ranked, neighbourhood));
  found.best = surroundings_of(history, landscape, neighbourhood, best);
  found.robust = surroundings_of(history, landscape, neighbourhood, robust);
  return found;
}

Json to_json(const Sensitivity& found) {
  Json parameters = Json::array();
  for (const ParameterSensitivity& each : found.parameters)
    parameters.push_back({{"parameter", each.parameter},
                          {"best", to_json(each.best)},
                          {"flat", values_json(each.flat)},
                          {"surely_flat", values_json(each.surely_flat)},
                          {"is_range", each.is_range},
                          {"is_whole", each.is_whole},
                          {"worst", to_json(each.worst)},
                          {"worst_loss", json_number(each.worst_loss)}});
  return {{"margin", json_number(found.margin)},   {"margin_is_noise", found.margin_is_noise},
          {"parameters", std::move(parameters)},   {"box_share", found.box_share},
          {"best", surroundings_json(found.best)}, {"robust", surroundings_json(found.robust)}};
}

}  // namespace pegbox
