// Levels: the places on an axis of the unit cube that stand for its values.
#include "search/samplers/levels.h"

#include <algorithm>
#include <cmath>

#include "search/unit_scale.h"

namespace pegbox {
namespace {

bool is_numeric(const Parameter& parameter) {
  return parameter.kind == ParameterKind::Integer || parameter.kind == ParameterKind::Real;
}

const Parameter& parameter_of(const Space& space, const Axis& axis) {
  return space.parameters()[static_cast<std::size_t>(axis.parameter)];
}

}  // namespace

double level_place(const Space& space, int axis, std::int64_t index) {
  const Axis& kind = space.axes()[static_cast<std::size_t>(axis)];
  const Parameter& parameter = parameter_of(space, kind);
  if (is_numeric(parameter)) {
    const UnitScale scale(parameter);
    return scale.unit(scale.level(index));
  }
  return (static_cast<double>(index) + 0.5) / static_cast<double>(kind.levels);
}

std::int64_t level_index(const Space& space, int axis, double at) {
  const Axis& kind = space.axes()[static_cast<std::size_t>(axis)];
  const Parameter& parameter = parameter_of(space, kind);
  const auto levels = static_cast<double>(kind.levels);
  double index = std::floor(at * levels);
  if (is_numeric(parameter)) {
    const UnitScale scale(parameter);
    index = std::round((scale.value(at) - scale.level(0)) / (scale.level(1) - scale.level(0)));
  }
  return static_cast<std::int64_t>(std::clamp(index, 0.0, levels - 1));
}

}  // namespace pegbox
