// Parameter: reading one entry of `space:`, and checking it.
#include "search/parameter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "base/number.h"
#include "base/units.h"
#include "search/published_law.h"
#include "search/simplex.h"
#include "search/unit_scale.h"

namespace pegbox {
namespace {

using Keys = std::span<const std::string_view>;
constexpr std::array<std::string_view, 4> kShapes{"range", "choice", "value", "simplex"};
constexpr std::array<std::string_view, 10> kAllKeys{"range", "choice", "value",   "simplex", "scale",
                                                    "step",  "prior",  "integer", "ordered", "when"};
constexpr std::array<std::string_view, 6> kRangeKeys{"range", "scale", "step", "integer", "prior", "when"};
constexpr std::array<std::string_view, 4> kChoiceKeys{"choice", "ordered", "prior", "when"};
constexpr std::array<std::string_view, 2> kValueKeys{"value", "when"};
constexpr std::array<std::string_view, 2> kSimplexKeys{"simplex", "when"};

constexpr double kLargest = 1e150;      // beyond, products of bounds leave the range of doubles
constexpr double kMaxLevels = 1e15;     // a double counts them exactly, with room for halves
constexpr double kMaxLogLevels = 1e12;  // in steps from 0: cells must be wider than rounding
constexpr double kMaxRealLevels = 1e8;  // in steps from 0: rounding to 15 digits must be far less than a step
constexpr double kLargestInteger = 9007199254740992.0;  // 2^53

Result<Value> read_value(const Node& node) {
  auto value = value_from_json(node.json());
  if (!value) return node.fail("not a value", "true, false, a number or a text");
  return std::move(*value);
}

Result<std::vector<Value>> read_values(const Node& node) {
  if (!node.is_array() || node.items().empty()) return node.fail("not a list of values", "a list such as [4, 8, 16]");
  std::vector<Value> values;
  for (const Node& item : node.items()) {
    PEGBOX_TRY(Value value, read_value(item));
    values.push_back(std::move(value));
  }
  return values;
}

Result<double> read_bound(const Node& node, bool integer) {
  if (!integer) return node.real();
  PEGBOX_TRY(const std::int64_t bound, node.integer());
  return static_cast<double>(bound);
}

/// Decides between Integer and Real as parameter.h says.
Result<bool> reads_integers(const Node& node, const std::vector<Node>& bounds) {
  if (node.has("integer")) {
    PEGBOX_TRY(const Node integer, node.at("integer"));
    return integer.boolean();
  }
  if (!node.has("step")) return false;
  PEGBOX_TRY(const Node step, node.at("step"));
  return step.json().is_number_integer() && bounds[0].json().is_number_integer() &&
         bounds[1].json().is_number_integer();
}

Result<bool> read_log_scale(const Node& node) {
  if (!node.has("scale")) return false;
  PEGBOX_TRY(const Node scale, node.at("scale"));
  PEGBOX_TRY(const std::string name, scale.string());
  if (name != "log" && name != "linear") {
    static constexpr std::array<std::string_view, 2> kScales{"linear", "log"};
    const std::string near = nearest_name(name, kScales);
    return scale.fail("unknown scale", "linear or log", near.empty() ? "" : "did you mean " + near + "?");
  }
  return name == "log";
}

/// The choice that is nearest to `at` by its factor; nothing if one is not a positive number.
std::optional<Value> nearest_choice(const std::vector<Value>& choices, double at) {
  std::optional<Value> nearest;
  double least = kInfinity;
  for (const Value& choice : choices) {
    if (!is_number(choice) || as_number(choice) <= 0) return std::nullopt;
    const double distance = std::abs(std::log(as_number(choice) / at));
    if (distance < least) least = distance, nearest = choice;
  }
  return nearest;
}

/// A law's value as a prior of the parameter: within its range, or at one of its choices.
Result<Prior> prior_of_law(const Node& node, const Parameter& parameter) {
  PEGBOX_TRY(const AppliedLaw applied, AppliedLaw::read(node));
  const LawValue law = applied.value();
  Prior prior{.source = std::string(applied.law->source)};
  if (parameter.kind == ParameterKind::Ordered) {
    const auto choice = nearest_choice(parameter.choices, law.at);
    if (!choice) return node.fail("a law is about positive numbers", "choices that are such numbers");
    prior.at = *choice;
    const double ratio = std::log(as_number(parameter.choices.back()) / as_number(parameter.choices.front()));
    const double steps = static_cast<double>(parameter.choices.size()) - 1;
    prior.spread = ratio == 0 ? 1 : std::abs(std::log(law.factor) * steps / ratio);
    return prior;
  }
  if (!(parameter.low < parameter.high)) return prior;  // no range: refused by check()
  const double within = std::clamp(law.at, parameter.low, parameter.high);
  const double steps = parameter.step > 0 ? std::round((within - parameter.low) / parameter.step) : 0;
  const double at = parameter.step > 0 ? parameter.low + steps * parameter.step : within;
  prior.at = parameter.kind == ParameterKind::Integer ? Value(static_cast<std::int64_t>(at)) : Value(at);
  prior.spread = parameter.log_scale ? law.factor : law.at * std::log(law.factor);
  return prior;
}

Result<Prior> read_prior(const Node& node, const Parameter& parameter) {
  if (node.has("law")) return prior_of_law(node, parameter);
  if (node.is_string())
    return node.fail("a law's name alone is completed for the built-in trainer only", "{at, spread} or {law, ...}",
                     "say what it needs: {law: lora_rate, width: 2048}");
  static constexpr std::array<std::string_view, 3> kKeys{"at", "spread", "source"};
  PEGBOX_CHECK(node.only(kKeys));
  Prior prior;
  PEGBOX_TRY(const Node at, node.at("at"));
  PEGBOX_TRY(prior.at, read_value(at));
  PEGBOX_TRY(const Node spread, node.at("spread"));
  PEGBOX_TRY(prior.spread, spread.real());
  if (node.has("source")) {
    PEGBOX_TRY(const Node source, node.at("source"));
    PEGBOX_TRY(prior.source, source.string());
  }
  return prior;
}

Result<void> read_choice_prior(const Node& node, Parameter& parameter) {
  if (!node.has("weights")) {
    if (parameter.kind == ParameterKind::Categorical && (node.has("at") || node.has("law")))
      return node.fail("a prior around a value needs an order of the choices", "{weights: [...]}",
                       "add `ordered: true` if the choices have an order");
    PEGBOX_TRY(parameter.prior, read_prior(node, parameter));
    return {};
  }
  static constexpr std::array<std::string_view, 1> kKeys{"weights"};
  PEGBOX_CHECK(node.only(kKeys));
  PEGBOX_TRY(const Node weights, node.at("weights"));
  if (!weights.is_array()) return weights.fail("not a list of weights", "one number for each choice");
  for (const Node& item : weights.items()) {
    PEGBOX_TRY(const double weight, item.real());
    parameter.weights.push_back(weight);
  }
  if (parameter.weights.size() != parameter.choices.size())
    return weights.fail(fmt::format("{} weights for {} choices", parameter.weights.size(), parameter.choices.size()),
                        "one number for each choice");
  return {};
}

Result<void> read_range(const Node& node, Parameter& parameter) {
  PEGBOX_CHECK(node.only(kRangeKeys));
  PEGBOX_TRY(const Node range, node.at("range"));
  const auto bounds = range.items();
  if (bounds.size() != 2) return range.fail("not a range", "two numbers, [lowest, highest]");
  PEGBOX_TRY(const bool integer, reads_integers(node, bounds));
  parameter.kind = integer ? ParameterKind::Integer : ParameterKind::Real;
  PEGBOX_TRY(parameter.low, read_bound(bounds[0], integer));
  PEGBOX_TRY(parameter.high, read_bound(bounds[1], integer));
  PEGBOX_TRY(parameter.log_scale, read_log_scale(node));
  parameter.step = integer ? 1 : 0;
  if (node.has("step")) {
    PEGBOX_TRY(const Node step, node.at("step"));
    PEGBOX_TRY(parameter.step, read_bound(step, integer));
    if (!(parameter.step > 0)) return step.fail("the step is not positive", "a number above 0");
  }
  if (node.has("prior")) {
    PEGBOX_TRY(const Node prior, node.at("prior"));
    PEGBOX_TRY(parameter.prior, read_prior(prior, parameter));
  }
  return {};
}

Result<void> read_choice(const Node& node, Parameter& parameter) {
  PEGBOX_CHECK(node.only(kChoiceKeys));
  PEGBOX_TRY(const Node choice, node.at("choice"));
  PEGBOX_TRY(parameter.choices, read_values(choice));
  parameter.kind = ParameterKind::Categorical;
  if (node.has("ordered")) {
    PEGBOX_TRY(const Node ordered, node.at("ordered"));
    PEGBOX_TRY(const bool is_ordered, ordered.boolean());
    if (is_ordered) parameter.kind = ParameterKind::Ordered;
  }
  if (!node.has("prior")) return {};
  PEGBOX_TRY(const Node prior, node.at("prior"));
  return read_choice_prior(prior, parameter);
}

Result<void> read_simplex(const Node& node, Parameter& parameter) {
  PEGBOX_CHECK(node.only(kSimplexKeys));
  parameter.kind = ParameterKind::Simplex;
  PEGBOX_TRY(const Node simplex, node.at("simplex"));
  if (!simplex.is_array()) return simplex.fail("not a list of names", "a list such as [books, code, web]");
  for (const Node& item : simplex.items()) {
    PEGBOX_TRY(std::string name, item.string());
    parameter.components.push_back(std::move(name));
  }
  return {};
}

Result<void> read_fixed(const Node& node, Parameter& parameter) {
  PEGBOX_CHECK(node.only(kValueKeys));
  parameter.kind = ParameterKind::Fixed;
  PEGBOX_TRY(const Node value, node.at("value"));
  PEGBOX_TRY(Value fixed, read_value(value));
  parameter.choices = {std::move(fixed)};
  return {};
}

Result<std::vector<Condition>> read_conditions(const Node& node) {
  if (!node.is_object() || node.members().empty())
    return node.fail("not a condition", "names and values, such as {method: lora} or {method: [lora, qlora]}");
  std::vector<Condition> conditions;
  for (const auto& [name, member] : node.members()) {
    Condition condition{name, {}};
    if (member.is_array()) {
      PEGBOX_TRY(condition.values, read_values(member));
    } else {
      PEGBOX_TRY(Value value, read_value(member));
      condition.values.push_back(std::move(value));
    }
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

Result<void> read_shape(const Node& node, Parameter& parameter) {
  PEGBOX_CHECK(node.only(kAllKeys));
  if (std::count_if(kShapes.begin(), kShapes.end(), [&](std::string_view key) { return node.has(key); }) != 1)
    return node.fail("not a hyperparameter", "exactly one of range, choice, value and simplex");
  if (node.has("range")) return read_range(node, parameter);
  if (node.has("choice")) return read_choice(node, parameter);
  if (node.has("simplex")) return read_simplex(node, parameter);
  return read_fixed(node, parameter);
}

bool is_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (name.empty() || name.size() > 200 || !is_letter(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) {
    return is_letter(c) || is_digit(c) || std::string_view("._-/:").find(c) != std::string_view::npos;
  });
}

/// Checks one parameter; its functions make the errors of one place.
struct Checker {
  const Parameter& parameter;
  const std::string& where;

  tl::unexpected<Error> refuse(std::string what, std::string got = {}, std::string expected = {},
                               std::string hint = {}) const {
    return fail(ErrorKind::InvalidInput,
                {where, std::move(what), std::move(got), std::move(expected), std::move(hint)});
  }

  Result<void> name() const {
    if (is_name(parameter.name)) return {};
    return refuse("not a name for a hyperparameter", "'" + parameter.name + "'",
                  "letters, digits and . _ - / : after a letter or _");
  }

  Result<void> range() const {
    const double low = parameter.low, high = parameter.high;
    const std::string got = fmt::format("[{}, {}]", format_number(low), format_number(high));
    if (!std::isfinite(low) || !std::isfinite(high)) return refuse("a range must be finite", got);
    if (low == high) return refuse("the range has one value only", got, {}, "write {value: ...} for a fixed value");
    if (low > high) return refuse("the range is empty", got, "the lower bound first");
    if (parameter.log_scale && low <= 0) return refuse("a log scale cannot reach 0", got, "a lower bound above 0");
    const double largest = std::max(std::abs(low), std::abs(high));
    if (largest > kLargest || high - low < 1 / kLargest || (parameter.log_scale && low < 1 / kLargest))
      return refuse("the range is too wide or too narrow for double precision", got,
                    "bounds and width between 1e-150 and 1e150");
    if (high - low < largest * 1e-12) return refuse("the bounds differ by less than 12 digits tell", got);
    return {};
  }

  Result<void> levels() const {
    const bool integer = parameter.kind == ParameterKind::Integer;
    const double step = integer && parameter.step == 0 ? 1 : parameter.step;
    const double low = parameter.low, high = parameter.high;
    if (integer && (std::trunc(low) != low || std::trunc(high) != high || std::trunc(step) != step))
      return refuse("bounds and step of an integer range must be whole",
                    fmt::format("[{}, {}], step {}", format_number(low), format_number(high), format_number(step)));
    if (step == 0) return {};
    if (!(step > 0) || !std::isfinite(step)) return refuse("the step is not positive", format_number(step));
    if (step > (high - low) * (1 + 1e-9))
      return refuse("the step is longer than the range", format_number(step), "at most " + format_number(high - low));
    const double largest = std::max(std::abs(low), std::abs(high));
    if (integer && (largest > kLargestInteger || (high - low) / step > kMaxLevels))
      return refuse("the range has too many values to count exactly", {}, "at most 1e15 values up to 2^53",
                    "use a longer step");
    if (!integer && largest / step > kMaxRealLevels)
      return refuse("the steps are too fine for the bounds", format_number(step), "at most 1e8 steps from 0",
                    "leave out the step for a continuum");
    if (parameter.log_scale && high / step > kMaxLogLevels)
      return refuse("the steps are too fine for a log scale", {}, "at most 1e12 steps between 0 and the upper bound",
                    "use a longer step");
    return {};
  }

  Result<void> choices() const {
    if (parameter.choices.empty()) return refuse("no choices");
    for (const Value& value : parameter.choices)
      if (const auto* real = std::get_if<double>(&value); real && !std::isfinite(*real))
        return refuse("a choice must be finite", to_text(value));
    for (std::size_t i = 0; i < parameter.choices.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (same_value(parameter.choices[i], parameter.choices[j]))
          return refuse("a choice twice", to_text(parameter.choices[i]), "each choice once");
    return {};
  }

  Result<void> weights() const {
    if (parameter.weights.empty()) return {};
    if (parameter.weights.size() != parameter.choices.size()) return refuse("not one weight for each choice");
    for (const double weight : parameter.weights)
      if (!(weight > 0) || weight > kLargest)
        return refuse("a prior weight is not positive", format_number(weight), "a number above 0",
                      "leave out a choice that is never to be tried");
    return {};
  }

  Result<void> prior() const {
    if (!parameter.prior) return {};
    const Prior& prior = *parameter.prior;
    if (const std::string why = parameter.why_not(prior.at); !why.empty())
      return refuse("prior.at: " + why, to_text(prior.at));
    const double least = parameter.log_scale ? 1 : 0;
    if (!(prior.spread > least) || !std::isfinite(prior.spread))
      return refuse("prior.spread is too small", format_number(prior.spread),
                    parameter.log_scale ? "a factor above 1 on a log scale (2: half to double)" : "a number above 0");
    return {};
  }

  Result<void> components() const {
    const auto& names = parameter.components;
    if (names.size() < 2 || names.size() > static_cast<std::size_t>(kMaxSimplexComponents))
      return refuse("a simplex has 2 to 32 components", std::to_string(names.size()));
    for (const std::string& name : names)
      if (!is_name(name)) return refuse("not a name for a component", "'" + name + "'");
    if (std::set<std::string>(names.begin(), names.end()).size() != names.size()) return refuse("a component twice");
    return {};
  }
};

std::string why_not_choice(const Parameter& parameter, const Value& value) {
  for (const Value& choice : parameter.choices)
    if (same_value(choice, value)) return {};
  std::string known;
  for (std::size_t i = 0; i < parameter.choices.size() && i < 12; ++i)
    known += (i ? ", " : "") + to_text(parameter.choices[i]);
  if (parameter.choices.size() > 12) known += ", ...";
  return parameter.kind == ParameterKind::Fixed ? "its value is fixed to " + known : "it is none of " + known;
}

std::string why_not_number(const Parameter& parameter, const Value& value) {
  if (!is_number(value)) return "it is not a number";
  const double number = as_number(value);
  if (parameter.kind == ParameterKind::Integer && std::trunc(number) != number) return "it is not an integer";
  if (!(number >= parameter.low && number <= parameter.high))
    return fmt::format("it is outside {} to {}", format_number(parameter.low), format_number(parameter.high));
  const UnitScale scale(parameter);
  if (scale.levels() == 0) return {};
  const double nearest = scale.snap(number);
  const double step = parameter.step == 0 ? 1 : parameter.step;
  if (std::abs(nearest - number) <= 1e-6 * step) return {};
  return fmt::format("it is not a whole number of steps of {} from {} (nearest: {})", format_number(step),
                     format_number(parameter.low), format_number(nearest));
}

}  // namespace

Result<Parameter> Parameter::read(const std::string& name, const Node& node) {
  Parameter parameter;
  parameter.name = name;
  if (node.is_object()) {
    PEGBOX_CHECK(read_shape(node, parameter));
    if (node.has("when")) {
      PEGBOX_TRY(const Node when, node.at("when"));
      PEGBOX_TRY(parameter.when, read_conditions(when));
    }
  } else {
    parameter.kind = ParameterKind::Fixed;
    auto value = value_from_json(node.json());
    if (!value)
      return node.fail("not a hyperparameter", "a range, choice, value or simplex",
                       node.is_array() ? "write {choice: [...]} or {range: [lowest, highest]}" : "");
    parameter.choices = {std::move(*value)};
  }
  PEGBOX_CHECK(parameter.check(node.where()));
  return parameter;
}

Result<void> Parameter::check(const std::string& where) const {
  const Checker checker{*this, where};
  PEGBOX_CHECK(checker.name());
  if (kind == ParameterKind::Real || kind == ParameterKind::Integer) {
    PEGBOX_CHECK(checker.range());
    PEGBOX_CHECK(checker.levels());
  } else if (kind == ParameterKind::Simplex) {
    PEGBOX_CHECK(checker.components());
  } else {
    PEGBOX_CHECK(checker.choices());
    PEGBOX_CHECK(checker.weights());
  }
  if (prior && (kind == ParameterKind::Categorical || kind == ParameterKind::Fixed || kind == ParameterKind::Simplex))
    return checker.refuse("a prior around a value needs a range or ordered choices");
  return checker.prior();
}

std::string Parameter::why_not(const Value& value) const {
  return kind == ParameterKind::Real || kind == ParameterKind::Integer ? why_not_number(*this, value)
                                                                       : why_not_choice(*this, value);
}

std::vector<std::string> Parameter::config_names() const {
  if (kind != ParameterKind::Simplex) return {name};
  std::vector<std::string> names;
  for (const std::string& component : components) names.push_back(name + "." + component);
  return names;
}

int Parameter::dimensions() const {
  if (kind == ParameterKind::Fixed) return 0;
  return kind == ParameterKind::Simplex ? static_cast<int>(components.size()) - 1 : 1;
}

std::int64_t Parameter::cardinality() const {
  if (kind == ParameterKind::Simplex) return 0;
  if (kind == ParameterKind::Real || kind == ParameterKind::Integer) return UnitScale(*this).levels();
  return static_cast<std::int64_t>(choices.size());
}

}  // namespace pegbox
