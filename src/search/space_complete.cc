// Space: completing a configuration that a person gave.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "search/simplex.h"
#include "search/space.h"

namespace pegbox {
namespace {

constexpr int kDraws = 16;  // of a parameter that must take one of some values, before one of those is taken

bool is_among(const Value& value, std::span<const Value> values) {
  return std::any_of(values.begin(), values.end(), [&](const Value& other) { return same_value(value, other); });
}

bool is_given(const Parameter& parameter, const Config& config) {
  if (config.find(parameter.name)) return true;
  return std::any_of(parameter.components.begin(), parameter.components.end(), [&](const std::string& component) {
    return config.find(parameter.name + "." + component) != nullptr;
  });
}

std::string describe(const std::vector<Condition>& conditions) {
  std::string text;
  for (const Condition& condition : conditions) {
    if (!text.empty()) text += " and ";
    text += condition.parameter + " = ";
    for (std::size_t i = 0; i < condition.values.size(); ++i) text += (i ? " or " : "") + to_text(condition.values[i]);
  }
  return text;
}

}  // namespace

Result<void> Space::check_names(const Config& config, const std::string& where) const {
  std::vector<std::string> known;
  for (const Parameter& parameter : parameters_) {
    if (parameter.kind != ParameterKind::Simplex) known.push_back(parameter.name);
    for (const std::string& component : parameter.components) known.push_back(parameter.name + "." + component);
  }
  const std::vector<std::string_view> views(known.begin(), known.end());
  for (const auto& [name, value] : config) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string near = nearest_name(name, views);
    return fail(ErrorKind::InvalidInput, {.where = where,
                                          .what = "not a hyperparameter of the space",
                                          .got = name,
                                          .hint = near.empty() ? "" : "did you mean " + near + "?"});
  }
  return {};
}

/// For each parameter that is not given, the values it may be drawn from so that what was given is active; empty: all.
Result<std::vector<std::vector<Value>>> Space::needed_values(const Config& config, const std::string& where) const {
  std::vector<std::vector<Value>> values(parameters_.size());
  std::vector<bool> needed(parameters_.size());
  for (auto index = evaluation_order_.rbegin(); index != evaluation_order_.rend(); ++index) {
    const auto child = static_cast<std::size_t>(*index);
    needed[child] = needed[child] || is_given(parameters_[child], config);
    if (!needed[child]) continue;
    for (std::size_t i = 0; i < parents_[child].size(); ++i) {
      const auto parent = static_cast<std::size_t>(parents_[child][i]);
      const auto& wanted = parameters_[child].when[i].values;
      const bool was_needed = needed[parent];
      needed[parent] = true;
      if (was_needed && !values[parent].empty()) {
        std::erase_if(values[parent], [&](const Value& value) { return !is_among(value, wanted); });
        if (values[parent].empty())
          return fail(ErrorKind::InvalidInput, {.where = where,
                                                .what = "no value of " + parameters_[parent].name +
                                                        " makes all the given hyperparameters active"});
      } else {
        values[parent] = wanted;
      }
    }
  }
  return values;
}

Result<void> Space::take_weights(const Parameter& parameter, const Config& given, const std::string& where,
                                 Config& config) const {
  const auto refuse = [&](std::string what, std::string got = {}) {
    return fail(ErrorKind::InvalidInput, {where, parameter.name + ": " + std::move(what), std::move(got),
                                          "non-negative weights with sum 1", ""});
  };
  std::vector<double> weights;
  double sum = 0;
  for (const std::string& component : parameter.components) {
    const Value* weight = given.find(parameter.name + "." + component);
    if (!weight) return refuse("the weight of " + component + " is missing");
    if (!is_number(*weight) || !(as_number(*weight) >= 0)) return refuse("not a weight", to_text(*weight));
    weights.push_back(as_number(*weight));
    sum += weights.back();
  }
  if (!(std::abs(sum - 1) <= 1e-6)) return refuse("the weights do not sum to 1", fmt::format("{:.9g}", sum));
  weights = rounded_simplex_weights(weights);
  for (std::size_t i = 0; i < weights.size(); ++i)
    config.set(parameter.name + "." + parameter.components[i], weights[i]);
  return {};
}

/// A value that fits, in the type and with the rounding that from_unit gives it.
Value Space::as_taken(std::size_t index, const Value& value) const {
  const Parameter& parameter = parameters_[index];
  if (parameter.kind == ParameterKind::Real) return scales_[index].snap(as_number(value));
  if (parameter.kind == ParameterKind::Integer) return static_cast<std::int64_t>(scales_[index].snap(as_number(value)));
  const auto same = [&](const Value& choice) { return same_value(choice, value); };
  return *std::find_if(parameter.choices.begin(), parameter.choices.end(), same);
}

Result<void> Space::complete_parameter(std::size_t index, const Config& given, std::span<const Value> allowed,
                                       std::span<const double> at, const std::string& where, Config& config) const {
  const Parameter& parameter = parameters_[index];
  const bool given_here = is_given(parameter, given);
  if (!is_active(parameter, config)) {
    if (!given_here) return {};
    return fail(ErrorKind::InvalidInput, {.where = where,
                                          .what = parameter.name + " does not exist in this configuration",
                                          .expected = describe(parameter.when)});
  }
  if (!given_here) {
    set_from_unit(index, at, config);
    const Value* drawn = config.find(parameter.name);
    if (!allowed.empty() && !is_among(*drawn, allowed)) config.set(parameter.name, as_taken(index, allowed.front()));
    return {};
  }
  if (parameter.kind == ParameterKind::Simplex) return take_weights(parameter, given, where, config);
  const Value& value = *given.find(parameter.name);
  if (const std::string why = parameter.why_not(value); !why.empty())
    return fail(ErrorKind::InvalidInput,
                {.where = where, .what = parameter.name + " cannot have this value: " + why, .got = to_text(value)});
  config.set(parameter.name, as_taken(index, value));
  return {};
}

Result<Config> Space::complete(const Config& config, const std::string& where, Rng& rng) const {
  PEGBOX_CHECK(check_names(config, where));
  PEGBOX_TRY(const auto needed, needed_values(config, where));
  std::vector<std::vector<double>> draws(kDraws, std::vector<double>(axes_.size()));
  for (auto& at : draws) {
    for (double& u : at) u = rng.uniform();
    apply_prior(at);
  }
  Config completed;
  for (const int place : evaluation_order_) {
    const auto index = static_cast<std::size_t>(place);
    const auto axis = static_cast<std::size_t>(first_axis_[index]);
    const auto suits = [&](const std::vector<double>& at) {
      return needed[index].empty() || parameters_[index].dimensions() == 0 ||
             is_among(value_at(index, at[axis]), needed[index]);
    };
    const auto draw = std::find_if(draws.begin(), draws.end(), suits);
    PEGBOX_CHECK(complete_parameter(index, config, needed[index], draw == draws.end() ? draws.front() : *draw, where,
                                    completed));
  }
  return in_file_order(std::move(completed));
}

}  // namespace pegbox
