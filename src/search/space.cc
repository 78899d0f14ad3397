// Space: reading, conditions in order, and the transform between configurations and the unit cube.
#include "search/space.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "search/simplex.h"

namespace pegbox {
namespace {

bool is_among(const Value& value, const std::vector<Value>& values) {
  return std::any_of(values.begin(), values.end(), [&](const Value& other) { return same_value(value, other); });
}

bool is_numeric(const Parameter& parameter) {
  return parameter.kind == ParameterKind::Real || parameter.kind == ParameterKind::Integer;
}

AxisKind axis_kind(const Parameter& parameter) {
  switch (parameter.kind) {
    case ParameterKind::Integer:
      return AxisKind::Integer;
    case ParameterKind::Categorical:
      return AxisKind::Categorical;
    case ParameterKind::Ordered:
      return AxisKind::Ordered;
    default:
      return AxisKind::Continuous;
  }
}

/// Whether the value of `config` fits: as `contains` needs it.
bool fits(const Parameter& parameter, const Config& config) {
  if (parameter.kind != ParameterKind::Simplex) {
    const Value* value = config.find(parameter.name);
    return value && parameter.why_not(*value).empty();
  }
  double sum = 0;
  for (const std::string& component : parameter.components) {
    const Value* weight = config.find(parameter.name + "." + component);
    if (!weight || !is_number(*weight) || !(as_number(*weight) >= 0)) return false;
    sum += as_number(*weight);
  }
  return sum > 1 - 1e-6 && sum < 1 + 1e-6;
}

}  // namespace

Result<Space> Space::read(const Node& node) {
  if (node.is_string() && node.json() == "auto")
    return node.fail("space: auto arrives with a later version", "hyperparameters with their ranges");
  if (!node.is_object() || node.members().empty())
    return node.fail("no hyperparameters", "names with ranges, such as {learning_rate: {range: [1e-5, 1e-2]}}");
  Space space;
  std::vector<std::string> where;
  for (const auto& [name, member] : node.members()) {
    PEGBOX_TRY(Parameter parameter, Parameter::read(name, member));
    space.parameters_.push_back(std::move(parameter));
    where.push_back(member.where());
  }
  PEGBOX_CHECK(space.link(where));
  return space;
}

Result<Space> Space::create(std::vector<Parameter> parameters) {
  Space space;
  std::vector<std::string> where;
  for (const Parameter& parameter : parameters) {
    where.push_back("space." + parameter.name);
    PEGBOX_CHECK(parameter.check(where.back()));
  }
  space.parameters_ = std::move(parameters);
  PEGBOX_CHECK(space.link(where));
  return space;
}

Result<void> Space::link(std::span<const std::string> where) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& parameter = parameters_[i];
    bool is_new = names.insert(parameter.name).second;
    for (const std::string& component : parameter.components)
      is_new = names.insert(parameter.name + "." + component).second && is_new;
    if (!is_new) return fail(ErrorKind::InvalidInput, {.where = where[i], .what = "the name is taken"});
    first_axis_.push_back(dimensions());
    scales_.push_back(is_numeric(parameter) ? UnitScale(parameter) : UnitScale());
    priors_.emplace_back(parameter, scales_.back());
    for (int axis = 0; axis < parameter.dimensions(); ++axis)
      axes_.push_back({static_cast<int>(i), axis_kind(parameter), parameter.cardinality(), !parameter.when.empty()});
  }
  parents_.resize(parameters_.size());
  for (std::size_t child = 0; child < parameters_.size(); ++child)
    for (std::size_t condition = 0; condition < parameters_[child].when.size(); ++condition)
      PEGBOX_CHECK(link_condition(child, condition, where));
  return order(where);
}

Result<void> Space::link_condition(std::size_t child, std::size_t condition, std::span<const std::string> where) {
  const Condition& when = parameters_[child].when[condition];
  const auto refuse = [&](std::string what, std::string got = {}, std::string hint = {}) {
    return fail(
        ErrorKind::InvalidInput,
        {.where = where[child], .what = "when: " + std::move(what), .got = std::move(got), .hint = std::move(hint)});
  };
  const Parameter* parent = find(when.parameter);
  if (!parent) {
    std::vector<std::string_view> names;
    for (const Parameter& parameter : parameters_) names.push_back(parameter.name);
    const std::string near = nearest_name(when.parameter, names);
    return refuse("unknown hyperparameter", when.parameter, near.empty() ? "" : "did you mean " + near + "?");
  }
  if (parent->kind == ParameterKind::Simplex || (parent->kind == ParameterKind::Real && parent->cardinality() == 0))
    return refuse("a condition needs a hyperparameter with countable values", when.parameter);
  if (when.values.empty()) return refuse("no values", when.parameter);
  for (const Value& value : when.values)
    if (const std::string why = parent->why_not(value); !why.empty())
      return refuse(when.parameter + " never has this value: " + why, to_text(value));
  parents_[child].push_back(static_cast<int>(parent - parameters_.data()));
  return {};
}

/// Puts every parameter after its conditions; what cannot be put is in a circle or behind one.
Result<void> Space::order(std::span<const std::string> where) {
  std::vector<bool> placed(parameters_.size(), false);
  while (evaluation_order_.size() < parameters_.size()) {
    const std::size_t before = evaluation_order_.size();
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const auto is_placed = [&](int parent) { return placed[static_cast<std::size_t>(parent)]; };
      if (placed[i] || !std::all_of(parents_[i].begin(), parents_[i].end(), is_placed)) continue;
      placed[i] = true;
      evaluation_order_.push_back(static_cast<int>(i));
    }
    if (evaluation_order_.size() > before) continue;
    const auto first = static_cast<std::size_t>(std::find(placed.begin(), placed.end(), false) - placed.begin());
    return fail(ErrorKind::InvalidInput, {.where = where[first],
                                          .what = "when: the conditions go in a circle",
                                          .hint = "a hyperparameter cannot depend on itself, also not through others"});
  }
  return {};
}

const Parameter* Space::find(std::string_view name) const {
  for (const Parameter& parameter : parameters_)
    if (parameter.name == name) return &parameter;
  return nullptr;
}

bool Space::is_active(const Parameter& parameter, const Config& config) const {
  return std::all_of(parameter.when.begin(), parameter.when.end(), [&](const Condition& condition) {
    const Value* value = config.find(condition.parameter);
    return value && is_among(*value, condition.values);
  });
}

Value Space::value_at(std::size_t index, double at) const {
  const Parameter& parameter = parameters_[index];
  if (is_numeric(parameter)) {
    const double value = scales_[index].value(at);
    if (parameter.kind == ParameterKind::Real) return value;
    return static_cast<std::int64_t>(value);
  }
  const auto count = parameter.choices.size();
  const double bin = std::clamp(at, 0.0, 1.0) * static_cast<double>(count);
  return parameter.choices[std::min(count - 1, static_cast<std::size_t>(bin))];
}

void Space::set_from_unit(std::size_t index, std::span<const double> at, Config& config) const {
  const Parameter& parameter = parameters_[index];
  const auto axis = static_cast<std::size_t>(first_axis_[index]);
  if (parameter.kind == ParameterKind::Fixed) {
    config.set(parameter.name, parameter.choices.front());
  } else if (parameter.kind != ParameterKind::Simplex) {
    config.set(parameter.name, value_at(index, at[axis]));
  } else {
    const auto weights = simplex_weights(at.subspan(axis, parameter.components.size() - 1));
    for (std::size_t i = 0; i < weights.size(); ++i)
      config.set(parameter.name + "." + parameter.components[i], weights[i]);
  }
}

Config Space::in_file_order(Config config) const {
  if (std::is_sorted(evaluation_order_.begin(), evaluation_order_.end())) return config;
  Config ordered;
  for (const Parameter& parameter : parameters_) {
    if (const Value* value = config.find(parameter.name)) ordered.set(parameter.name, *value);
    for (const std::string& component : parameter.components)
      if (const Value* weight = config.find(parameter.name + "." + component))
        ordered.set(parameter.name + "." + component, *weight);
  }
  return ordered;
}

Config Space::from_unit(std::span<const double> at) const {
  Config config;
  for (const int index : evaluation_order_)
    if (is_active(parameters_[static_cast<std::size_t>(index)], config))
      set_from_unit(static_cast<std::size_t>(index), at, config);
  return in_file_order(std::move(config));
}

UnitPoint Space::to_unit(const Config& config) const {
  UnitPoint point{std::vector<double>(axes_.size(), 0.5), std::vector<bool>(axes_.size(), false)};
  for (std::size_t index = 0; index < parameters_.size(); ++index) {
    const Parameter& parameter = parameters_[index];
    const auto axis = static_cast<std::size_t>(first_axis_[index]);
    if (parameter.kind == ParameterKind::Fixed || !is_active(parameter, config)) continue;
    if (parameter.kind == ParameterKind::Simplex) {
      std::vector<double> weights;
      for (const std::string& component : parameter.components)
        if (const Value* weight = config.find(parameter.name + "." + component)) weights.push_back(as_number(*weight));
      if (weights.size() != parameter.components.size()) continue;
      const auto coordinates = simplex_coordinates(weights);
      std::copy(coordinates.begin(), coordinates.end(), point.at.begin() + static_cast<std::ptrdiff_t>(axis));
      std::fill_n(point.active.begin() + static_cast<std::ptrdiff_t>(axis), coordinates.size(), true);
      continue;
    }
    const Value* value = config.find(parameter.name);
    if (!value) continue;
    if (is_numeric(parameter)) {
      if (!is_number(*value)) continue;
      point.at[axis] = scales_[index].unit(as_number(*value));
    } else {
      const auto same = [&](const Value& choice) { return same_value(choice, *value); };
      const auto found = std::find_if(parameter.choices.begin(), parameter.choices.end(), same);
      if (found == parameter.choices.end()) continue;
      point.at[axis] = (static_cast<double>(found - parameter.choices.begin()) + 0.5) /
                       static_cast<double>(parameter.choices.size());
    }
    point.active[axis] = true;
  }
  return point;
}

void Space::apply_prior(std::span<double> at) const {
  for (std::size_t axis = 0; axis < axes_.size(); ++axis)
    at[axis] = priors_[static_cast<std::size_t>(axes_[axis].parameter)].quantile(at[axis]);
}

double Space::log_prior(const UnitPoint& point) const {
  double sum = 0;
  for (std::size_t axis = 0; axis < axes_.size(); ++axis)
    if (point.active[axis]) sum += priors_[static_cast<std::size_t>(axes_[axis].parameter)].log_density(point.at[axis]);
  return sum;
}

double Space::log_belief(const UnitPoint& point) const {
  constexpr double kDoubt = 0.1;
  double sum = 0;
  for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
    const AxisPrior& prior = priors_[static_cast<std::size_t>(axes_[axis].parameter)];
    if (point.active[axis] && !prior.is_uniform())
      sum += std::log(kDoubt + (1 - kDoubt) * std::exp(prior.log_density(point.at[axis])));
  }
  return sum;
}

bool Space::has_prior() const {
  return std::any_of(priors_.begin(), priors_.end(), [](const AxisPrior& prior) { return !prior.is_uniform(); });
}

bool Space::contains(const Config& config) const {
  std::size_t count = 0;
  for (const Parameter& parameter : parameters_) {
    if (!is_active(parameter, config)) continue;
    if (!fits(parameter, config)) return false;
    count += parameter.kind == ParameterKind::Simplex ? parameter.components.size() : 1;
  }
  return count == config.size();
}

}  // namespace pegbox
