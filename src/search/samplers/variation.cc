// Variation: how children are made from parents in the unit cube.
#include "search/samplers/variation.h"

#include <algorithm>
#include <cmath>

#include "math/sobol.h"
#include "search/samplers/draw.h"
#include "search/samplers/levels.h"

namespace pegbox {
namespace {

constexpr std::int64_t kManyLevels = 12;  ///< a numeric axis with more values is stepped over like a continuum

const Axis& axis_of(const Space& space, std::size_t axis) { return space.axes()[axis]; }

/// One of the two children of SBX within [0, 1]; a < b.
double crossed(double a, double b, double eta, Rng& rng) {
  const double u = rng.uniform();
  const auto spread = [&](double room) {
    const double alpha = 2 - std::pow(1 + 2 * room / (b - a), -(eta + 1));
    return u <= 1 / alpha ? std::pow(u * alpha, 1 / (eta + 1)) : std::pow(1 / (2 - u * alpha), 1 / (eta + 1));
  };
  const double low = 0.5 * (a + b - spread(a) * (b - a)), high = 0.5 * (a + b + spread(1 - b) * (b - a));
  return std::clamp(rng.below(2) == 0 ? low : high, 0.0, 1.0);
}

/// Polynomial mutation within [0, 1].
double perturbed(double at, double eta, Rng& rng) {
  const double u = rng.uniform();
  const double power = 1 / (eta + 1);
  const double delta = u < 0.5 ? std::pow(2 * u + (1 - 2 * u) * std::pow(1 - at, eta + 1), power) - 1
                               : 1 - std::pow(2 * (1 - u) + (2 * u - 1) * std::pow(at, eta + 1), power);
  return std::clamp(at + delta, 0.0, 1.0);
}

/// Into [0, 1], as between two mirrors.
double reflected(double at) {
  at = std::abs(std::fmod(at, 2.0));
  return at > 1 ? 2 - at : at;
}

/// The next or the previous value of a counted axis; any other one of a category.
double next_value(const Space& space, int axis, double at, Rng& rng) {
  const Axis& kind = axis_of(space, static_cast<std::size_t>(axis));
  if (kind.kind == AxisKind::Categorical) return other_value(space, axis, at, rng);
  const std::int64_t index = level_index(space, axis, at);
  const bool up = index == 0 || (index < kind.levels - 1 && rng.below(2) == 0);
  return level_place(space, axis, up ? index + 1 : index - 1);
}

}  // namespace

void cross(const Space& space, std::span<const double> first, std::span<const double> second, double eta, double swap,
           Rng& rng, std::span<double> child) {
  for (std::size_t axis = 0; axis < child.size(); ++axis) {
    const double low = std::min(first[axis], second[axis]), high = std::max(first[axis], second[axis]);
    const bool is_category = axis_of(space, axis).kind == AxisKind::Categorical;
    constexpr double kSame = 1e-14;
    if (!is_category && rng.below(2) == 0 && high - low > kSame)
      child[axis] = crossed(low, high, eta, rng);
    else
      child[axis] = rng.uniform() < swap ? second[axis] : first[axis];
  }
}

double other_value(const Space& space, int axis, double at, Rng& rng) {
  const Axis& kind = axis_of(space, static_cast<std::size_t>(axis));
  if (kind.levels == 0) return rng.uniform();
  if (kind.levels == 1) return at;
  const auto drawn = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(kind.levels - 1)));
  return level_place(space, axis, drawn < level_index(space, axis, at) ? drawn : drawn + 1);
}

double mutated(const Space& space, int axis, double at, double eta, Rng& rng) {
  const Axis& kind = axis_of(space, static_cast<std::size_t>(axis));
  if (kind.kind == AxisKind::Categorical) return other_value(space, axis, at, rng);
  const double place = perturbed(at, eta, rng);
  if (kind.levels < 2) return place;
  const std::int64_t before = level_index(space, axis, at);
  if (level_index(space, axis, place) != before) return place;
  const std::int64_t step = before == 0 || (before < kind.levels - 1 && place >= at) ? 1 : -1;
  return level_place(space, axis, before + step);
}

bool mutate(const Space& space, double probability, double eta, Rng& rng, std::span<double> genes) {
  bool any = false;
  for (std::size_t axis = 0; axis < genes.size(); ++axis) {
    if (rng.uniform() >= probability) continue;
    genes[axis] = mutated(space, static_cast<int>(axis), genes[axis], eta, rng);
    any = true;
  }
  return any;
}

std::vector<int> movable_axes(const Space& space, std::span<const double> genes) {
  const UnitPoint point = space.to_unit(space.from_unit(genes));
  std::vector<int> axes;
  for (int axis = 0; axis < space.dimensions(); ++axis)
    if (point.active[static_cast<std::size_t>(axis)] && axis_of(space, static_cast<std::size_t>(axis)).levels != 1)
      axes.push_back(axis);
  return axes;
}

bool step_aside(const Space& space, std::span<const double> at, double step, Rng& rng, std::span<double> neighbour) {
  std::ranges::copy(at, neighbour.begin());
  const std::vector<int> axes = movable_axes(space, at);
  if (axes.empty()) return false;
  const auto is_wide = [&](int axis) {
    const Axis& kind = axis_of(space, static_cast<std::size_t>(axis));
    return kind.kind != AxisKind::Categorical && (kind.levels == 0 || kind.levels > kManyLevels);
  };
  const int drawn = axes[rng.below(axes.size())];
  if (!is_wide(drawn)) {
    neighbour[static_cast<std::size_t>(drawn)] = next_value(space, drawn, at[static_cast<std::size_t>(drawn)], rng);
    return false;
  }
  for (const int axis : axes)
    if (is_wide(axis)) {
      double& gene = neighbour[static_cast<std::size_t>(axis)];
      gene = reflected(gene + step * rng.normal());
    }
  return true;
}

Result<std::optional<Bred>> breed(const History& history, const TakenConfigs& taken, const MakeChild& make, Rng& rng) {
  const auto propose = [&](std::uint64_t attempt, std::span<double> at) {
    if (attempt < kMaxChildren) return make(at);
    for (double& gene : at) gene = rng.uniform();
    history.spec.space.apply_prior(at);
  };
  PEGBOX_TRY(auto drawn, draw_new(history, taken, propose, rng));
  if (!drawn) return std::nullopt;
  return Bred{std::move(drawn->config), drawn->attempt >= kMaxChildren};
}

Result<std::optional<Config>> draw_founder(const History& history, const TakenConfigs& taken, const RngKey& key,
                                           Rng& rng) {
  const Space& space = history.spec.space;
  PEGBOX_TRY(const auto sequence, math::Sobol::create(std::max(1, space.dimensions()), {key.seed, key.stream, 0}));
  const auto propose = [&](std::uint64_t attempt, std::span<double> at) {
    if (at.empty()) return;
    sequence.point((key.trial + attempt) % math::Sobol::kMaxPoints, at);
    space.apply_prior(at);
  };
  PEGBOX_TRY(auto drawn, draw_new(history, taken, propose, rng));
  if (!drawn) return std::nullopt;
  return std::move(drawn->config);
}

std::int64_t population_size(const History& history, std::int64_t option, std::int64_t trials_per_member,
                             std::int64_t least, std::int64_t most) {
  if (option > 0) return option;
  return history.planned_trials > 0 ? std::clamp(history.planned_trials / trials_per_member, least, most) : most;
}

}  // namespace pegbox
