// Source points: values of an earlier study on the axes of a new one.
#include "search/samplers/source_points.h"

#include <algorithm>
#include <cmath>

#include "math/kernel.h"
#include "search/simplex.h"

namespace pegbox {
namespace {

bool is_range(const Parameter& parameter) {
  return parameter.kind == ParameterKind::Real || parameter.kind == ParameterKind::Integer;
}

std::optional<Value> shifted_number(const Parameter& parameter, const Value& value, double factor) {
  if (!is_number(value)) return std::nullopt;
  double number = as_number(value) * factor;
  if (!std::isfinite(number) || (parameter.log_scale && !(number > 0))) return std::nullopt;
  const double at = UnitScale(parameter).unit_beyond(number);
  if (at < -kMaxBeyond || at > 1 + kMaxBeyond) return std::nullopt;
  if (parameter.kind != ParameterKind::Integer || factor == 1) return factor == 1 ? value : Value(number);
  return Value(static_cast<std::int64_t>(std::llround(number)));
}

std::optional<Value> shifted_choice(const Parameter& parameter, const Value& value, double factor) {
  const auto same = [&](const Value& choice) { return same_value(choice, value); };
  if (factor == 1) {
    const auto found = std::ranges::find_if(parameter.choices, same);
    return found == parameter.choices.end() ? std::nullopt : std::optional(*found);
  }
  if (!is_number(value) || !(as_number(value) > 0)) return std::nullopt;
  const double wanted = std::log(as_number(value) * factor);
  const auto distance = [&](const Value& choice) {
    return is_number(choice) && as_number(choice) > 0 ? std::abs(std::log(as_number(choice)) - wanted) : HUGE_VAL;
  };
  const auto nearest = std::ranges::min_element(parameter.choices, {}, distance);
  return distance(*nearest) < HUGE_VAL ? std::optional(*nearest) : std::nullopt;
}

}  // namespace

std::optional<std::vector<std::pair<std::string, Value>>> shifted_values(const Parameter& parameter,
                                                                         const Config& config, double factor) {
  std::vector<std::pair<std::string, Value>> values;
  double sum = 0;
  for (const std::string& name : parameter.config_names()) {
    const Value* value = config.find(name);
    if (value == nullptr) return std::nullopt;
    if (parameter.kind == ParameterKind::Simplex) {
      if (!is_number(*value) || !(as_number(*value) >= 0)) return std::nullopt;
      sum += as_number(*value);
      values.emplace_back(name, *value);
      continue;
    }
    const auto shifted =
        is_range(parameter) ? shifted_number(parameter, *value, factor) : shifted_choice(parameter, *value, factor);
    if (!shifted) return std::nullopt;
    values.emplace_back(name, *shifted);
  }
  if (parameter.kind == ParameterKind::Simplex && std::abs(sum - 1) > 1e-6) return std::nullopt;
  return values;
}

std::vector<double> encode_beyond(const Space& space, const Config& config) {
  std::vector<double> point(space.axes().size(), math::kInactive);
  for (std::size_t axis = 0; axis < point.size(); ++axis) {
    const Parameter& parameter = space.parameters()[static_cast<std::size_t>(space.axes()[axis].parameter)];
    const auto values = shifted_values(parameter, config, 1);
    if (!values) continue;
    const Value& value = values->front().second;
    if (is_range(parameter)) {
      point[axis] = UnitScale(parameter).unit_beyond(as_number(value));
    } else if (parameter.kind == ParameterKind::Simplex) {
      std::vector<double> weights;
      for (const auto& [name, weight] : *values) weights.push_back(as_number(weight));
      for (const double coordinate : simplex_coordinates(weights)) point[axis++] = coordinate;
      --axis;
    } else {
      const auto same = [&](const Value& choice) { return same_value(choice, value); };
      const auto level = std::ranges::find_if(parameter.choices, same) - parameter.choices.begin();
      point[axis] = parameter.kind == ParameterKind::Categorical
                        ? static_cast<double>(level)
                        : (static_cast<double>(level) + 0.5) / static_cast<double>(parameter.choices.size());
    }
  }
  return point;
}

}  // namespace pegbox
