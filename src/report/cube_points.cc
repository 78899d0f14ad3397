// CubePoints: axes of a space for a forest.
#include "report/cube_points.h"

#include <algorithm>
#include <cmath>

#include "search/unit_scale.h"

namespace pegbox {
namespace {

bool is_choice(const Parameter& parameter) {
  return parameter.kind == ParameterKind::Categorical || parameter.kind == ParameterKind::Ordered;
}

bool is_number(const Parameter& parameter) {
  return parameter.kind == ParameterKind::Real || parameter.kind == ParameterKind::Integer;
}

math::ForestAxis forest_axis(const Axis& axis) {
  const bool is_set = axis.kind == AxisKind::Categorical && axis.levels <= math::kMostForestChoices;
  return {is_set ? static_cast<int>(axis.levels) : 0};
}

}  // namespace

double last_value(const Parameter& parameter) {
  const UnitScale scale(parameter);
  return scale.levels() > 0 ? scale.level(scale.levels() - 1) : parameter.high;
}

CubePoints CubePoints::of(const Space& space, Coordinates coordinates) {
  CubePoints points;
  points.coordinates_ = coordinates;
  for (std::size_t p = 0; p < space.parameters().size(); ++p) {
    const Parameter& parameter = space.parameters()[p];
    std::vector<int> axes;
    const auto add = [&](math::ForestAxis axis) {
      axes.push_back(static_cast<int>(points.axes.size()));
      points.axes.push_back(axis);
    };
    if (coordinates == Coordinates::Optuna) {
      if (!parameter.when.empty() || parameter.cardinality() == 1) continue;
      if (is_number(parameter)) add({});
      if (is_choice(parameter))
        for (std::size_t c = 0; c < parameter.choices.size(); ++c) add({});
    } else {
      for (const Axis& axis : space.axes())
        if (axis.parameter == static_cast<int>(p) && axis.levels != 1) add(forest_axis(axis));
    }
    if (axes.empty()) continue;
    points.parameters.push_back(parameter.name);
    points.axes_of.push_back(std::move(axes));
  }
  return points;
}

std::vector<double> CubePoints::point(const Space& space, const Config& config) const {
  const UnitPoint unit = space.to_unit(config);
  std::vector<double> point;
  for (const std::string& name : parameters) {
    const Parameter& parameter = *space.find(name);
    for (int axis = 0; axis < space.dimensions(); ++axis) {
      const auto index = static_cast<std::size_t>(axis);
      const Axis& kind = space.axes()[index];
      if (&space.parameters()[static_cast<std::size_t>(kind.parameter)] != &parameter || kind.levels == 1) continue;
      const double bin = std::floor(unit.at[index] * static_cast<double>(kind.levels));  // of a choice: its index
      if (coordinates_ == Coordinates::Cube) {
        const double at = forest_axis(kind).choices > 0 ? bin : unit.at[index];
        point.push_back(unit.active[index] ? at : std::nan(""));
      } else if (is_number(parameter)) {
        const double width = last_value(parameter) - parameter.low;
        point.push_back(std::clamp((as_number(*config.find(name)) - parameter.low) / width, 0.0, 1.0));
      } else {
        for (std::size_t c = 0; c < parameter.choices.size(); ++c) point.push_back(bin == static_cast<double>(c));
      }
    }
  }
  return point;
}

}  // namespace pegbox
