// Parzen space: a study's space as the axes of a Parzen density.
#include "search/samplers/parzen_space.h"

#include <algorithm>
#include <cmath>

namespace pegbox {
namespace {

constexpr int kTries = 64;  // of a normal within [0, 1], whose centre is in it: all fail once in 2^64

}  // namespace

ParzenSpace::ParzenSpace(const Space& space) {
  for (const Axis& axis : space.axes()) {
    const Parameter& parameter = space.parameters()[static_cast<std::size_t>(axis.parameter)];
    const bool is_number = parameter.kind == ParameterKind::Integer || parameter.kind == ParameterKind::Real;
    axes_.push_back({.is_choice = axis.kind == AxisKind::Categorical, .conditional = axis.conditional});
    levels_.push_back(axis.levels);
    is_number_.push_back(is_number);
    scales_.push_back(is_number ? UnitScale(parameter) : UnitScale());
    log_levels_.push_back(axes_.back().is_choice ? std::log(static_cast<double>(axis.levels)) : 0);
    priors_.emplace_back(parameter, scales_.back());
    has_conditions_ |= axis.conditional;
    const auto depends = [&](const Parameter& other) {
      return std::ranges::any_of(other.when, [&](const Condition& when) { return when.parameter == parameter.name; });
    };
    if (std::ranges::any_of(space.parameters(), depends)) branching_.push_back(axes_.size() - 1);
  }
}

std::vector<float> ParzenSpace::places(const UnitPoint& point) const {
  std::vector<float> places(axes_.size(), math::kAbsent);
  for (std::size_t axis = 0; axis < axes_.size(); ++axis)
    if (point.active[axis]) places[axis] = place(axis, point.at[axis]);
  return places;
}

float ParzenSpace::place(std::size_t axis, double unit) const {
  if (!axes_[axis].is_choice) return static_cast<float>(unit);
  const auto choices = static_cast<double>(levels_[axis]);
  return static_cast<float>(std::min(std::floor(unit * choices), choices - 1));
}

double ParzenSpace::snapped(std::size_t axis, double unit) const {
  if (levels_[axis] == 0) return unit;
  if (is_number_[axis]) return scales_[axis].unit(scales_[axis].value(unit));
  const auto choices = static_cast<double>(levels_[axis]);
  return (std::min(std::floor(unit * choices), choices - 1) + 0.5) / choices;
}

double ParzenSpace::log_base(std::size_t axis, double unit) const {
  if (priors_[axis].is_uniform()) return -log_levels_[axis];
  return std::log((1 + std::exp(priors_[axis].log_density(unit))) / 2) - log_levels_[axis];
}

double ParzenSpace::draw_base(std::size_t axis, Rng& rng) const {
  const double uniform = rng.uniform();
  if (priors_[axis].is_uniform()) return uniform;
  return uniform < 0.5 ? 2 * uniform : priors_[axis].quantile(2 * uniform - 1);
}

double ParzenSpace::draw_near(std::size_t axis, float place, double bandwidth, Rng& rng) const {
  if (axes_[axis].is_choice) {
    if (rng.uniform() < bandwidth) return draw_base(axis, rng);
    return (static_cast<double>(place) + 0.5) / static_cast<double>(levels_[axis]);
  }
  for (int i = 0; i < kTries; ++i) {
    const double unit = static_cast<double>(place) + bandwidth * rng.normal();
    if (unit >= 0 && unit <= 1) return unit;
  }
  return static_cast<double>(place);
}

}  // namespace pegbox
