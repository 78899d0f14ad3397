// Candidates: places in the space worth asking the models about.
#include "search/samplers/candidates.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "math/sobol.h"
#include "search/samplers/draw.h"
#include "search/samplers/lattice.h"
#include "search/samplers/levels.h"
#include "search/samplers/surrogate.h"

namespace pegbox {
namespace {

constexpr std::array kSpreads{0.01, 0.05, 0.2};  ///< of local moves, as parts of an axis
constexpr std::int64_t kMaxSteps = 12;           ///< values of one axis tried in a step

/// A place near `at` on an axis: a normal move, reflected at the ends; at least one level.
double moved(const Space& space, int axis, double at, double spread, Rng& rng) {
  const Axis& kind = space.axes()[static_cast<std::size_t>(axis)];
  if (kind.kind == AxisKind::Categorical)
    return level_place(space, axis, static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(kind.levels))));
  const double move = spread * rng.normal();
  if (kind.levels > 1 && std::abs(move) * static_cast<double>(kind.levels) < 1) {
    const std::int64_t index = level_index(space, axis, at) + (move < 0 ? -1 : 1);
    return level_place(space, axis, std::clamp<std::int64_t>(index, 0, kind.levels - 1));
  }
  const double place = std::abs(at + move);
  return std::clamp(place > 1 ? 2 - place : place, 0.0, 1.0);
}

/// Other values of an axis than number `index`.
std::vector<std::int64_t> other_levels(const Axis& axis, std::int64_t index, Rng& rng) {
  std::vector<std::int64_t> levels;
  if (axis.levels <= kMaxSteps) {
    for (std::int64_t level = 0; level < axis.levels; ++level)
      if (level != index) levels.push_back(level);
    return levels;
  }
  for (const std::int64_t level : {index - 2, index - 1, index + 1, index + 2})
    if (axis.kind != AxisKind::Categorical && level >= 0 && level < axis.levels) levels.push_back(level);
  while (std::ssize(levels) < kMaxSteps)
    levels.push_back(static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(axis.levels))));
  return levels;
}

}  // namespace

Result<std::optional<Candidate>> Candidates::at(std::span<const double> at) const {
  const Space& space = history_.spec.space;
  Candidate candidate{space.from_unit(at), {}, {}};
  PEGBOX_TRY(const bool feasible, is_feasible(history_, candidate.config));
  if (!feasible || taken_.contains(candidate.config)) return std::nullopt;
  candidate.unit = space.to_unit(candidate.config);
  candidate.encoded = encode(space, candidate.unit);
  return candidate;
}

Result<void> Candidates::add(std::span<const double> place) {
  PEGBOX_TRY(auto candidate, at(place));
  if (candidate && keys_.insert(config_key(candidate->config)).second) all_.push_back(std::move(*candidate));
  return {};
}

Result<bool> Candidates::add_all(std::int64_t limit) {
  const std::int64_t configurations = history_.spec.space.cardinality();
  if (configurations == 0 || configurations > limit) return false;
  PEGBOX_TRY(const Lattice lattice, make_lattice(history_.spec.space, 1, static_cast<std::size_t>(limit)));
  for (std::size_t i = 0; i < lattice.size; ++i) PEGBOX_CHECK(add(lattice.point(i)));
  return true;
}

Result<void> Candidates::add_spread(int count, const RngKey& key) {
  const Space& space = history_.spec.space;
  PEGBOX_TRY(const auto sequence, math::Sobol::create(space.dimensions(), key));
  const bool has_prior = beliefs_.has_prior();
  std::vector<double> place(space.axes().size());
  for (int i = 0; i < count; ++i) {
    sequence.point(static_cast<std::uint64_t>(i), place);
    if (has_prior && i % 2 == 1) beliefs_.apply_prior(place);
    PEGBOX_CHECK(add(place));
  }
  return {};
}

Result<void> Candidates::add_drawn(Rng& rng) {
  const auto propose = [&](std::uint64_t, std::span<double> at) {
    for (double& coordinate : at) coordinate = rng.uniform();
  };
  PEGBOX_TRY(const auto drawn, draw_new(history_, taken_, propose, rng));
  return drawn ? add(history_.spec.space.to_unit(drawn->config).at) : Result<void>{};
}

std::vector<double> Candidates::filled(const UnitPoint& center, Rng& rng) const {
  std::vector<double> fresh(center.at.size());
  for (double& coordinate : fresh) coordinate = rng.uniform();
  beliefs_.apply_prior(fresh);
  for (std::size_t axis = 0; axis < fresh.size(); ++axis)
    if (center.active[axis]) fresh[axis] = center.at[axis];
  return fresh;
}

Result<void> Candidates::add_around(const UnitPoint& center, int count, Rng& rng) {
  const Space& space = history_.spec.space;
  const auto d = static_cast<std::uint64_t>(space.dimensions());
  for (int i = 0; i < count; ++i) {
    std::vector<double> place = filled(center, rng);
    const double spread = kSpreads[static_cast<std::size_t>(i) % kSpreads.size()];
    const std::uint64_t sure = rng.below(d);  // one axis moves for certain, each other one in every second point
    for (std::uint64_t axis = 0; axis < d; ++axis)
      if (axis == sure || (i % 2 == 0 && rng.below(2) == 0))
        place[axis] = moved(space, static_cast<int>(axis), place[axis], spread, rng);
    PEGBOX_CHECK(add(place));
  }
  return {};
}

Result<void> Candidates::add_steps(const UnitPoint& center, Rng& rng) {
  const Space& space = history_.spec.space;
  for (std::size_t axis = 0; axis < center.at.size(); ++axis) {
    const Axis& kind = space.axes()[axis];
    if (!center.active[axis] || kind.levels < 2) continue;
    const std::int64_t index = level_index(space, static_cast<int>(axis), center.at[axis]);
    for (const std::int64_t level : other_levels(kind, index, rng)) {
      std::vector<double> place = filled(center, rng);
      place[axis] = level_place(space, static_cast<int>(axis), level);
      PEGBOX_CHECK(add(place));
    }
  }
  return {};
}

}  // namespace pegbox
