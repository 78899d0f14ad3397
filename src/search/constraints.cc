// Constraints: evaluation over a configuration, limits, described values and metrics.
#include "search/constraints.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"

namespace pegbox {
namespace {

constexpr int kMaxLimitDepth = 16;  // of limits that use limits

/// Scalars of a described object under their dotted names.
void flatten(const Json& values, const std::string& prefix, std::map<std::string, Value>& constants) {
  for (const auto& [name, member] : values.items()) {
    if (member.is_object() && std::count(prefix.begin(), prefix.end(), '.') < kMaxLimitDepth)
      flatten(member, prefix + name + ".", constants);
    else if (auto value = value_from_json(member))
      constants[prefix + name] = std::move(*value);
  }
}

std::string format_as(const Value& value, Expression::Unit unit) {
  if (!is_number(value)) return to_text(value);
  if (unit == Expression::Unit::Bytes) return format_bytes(as_number(value));
  if (unit == Expression::Unit::Seconds) return format_duration(as_number(value));
  return std::holds_alternative<double>(value) ? fmt::format("{:.6g}", as_number(value)) : to_text(value);
}

}  // namespace

/// The values of names for one configuration; keeps what it computed.
class ConstraintLookup {
 public:
  /// `is_measured`: names are hyperparameters and metrics alone.
  ConstraintLookup(const Constraints& constraints, const Config& config, const Metrics* metrics,
                   bool is_measured = false)
      : constraints_(constraints), config_(config), metrics_(metrics), is_measured_(is_measured) {}

  /// Whether the name's value is a measure, to be read in the constraint's unit.
  bool is_measure(const std::string& name) const { return !constraints_.is_parameter(name); }

  Result<Value> evaluate(const Expression& expression) {
    auto result = expression.evaluate([this](std::string_view name) { return find(std::string(name)); });
    if (error_) return tl::make_unexpected(*std::exchange(error_, std::nullopt));
    return result;
  }

  const Value* find(const std::string& name) {
    if (const Value* value = config_.find(name)) return value;
    if (constraints_.is_parameter(name)) return limit_depth_ > 0 ? constant(name) : nullptr;
    if (is_measured_) return metric(name);
    if (const auto limit = constraints_.limits_.find(name); limit != constraints_.limits_.end())
      return value_of(limit->second, name);
    if (const Value* value = constant(name)) return value;
    return metric(name);
  }

 private:
  const Value* constant(const std::string& name) const {
    const auto found = constraints_.constants_.find(name);
    return found == constraints_.constants_.end() ? nullptr : &found->second;
  }

  const Value* metric(const std::string& name) {
    if (!metrics_) return nullptr;
    const auto found = metrics_->find(name);
    return found == metrics_->end() ? nullptr : &(computed_[name] = found->second);
  }

  const Value* value_of(const Expression& limit, const std::string& name) {
    if (const auto found = computed_.find(name); found != computed_.end()) return &found->second;
    ++limit_depth_;
    auto result = limit.evaluate([this](std::string_view inner) { return find(std::string(inner)); });
    --limit_depth_;
    if (result) return &(computed_[name] = std::move(*result));
    if (result.error().kind != ErrorKind::NotFound && !error_) error_ = std::move(result).error();
    return nullptr;
  }

  const Constraints& constraints_;
  const Config& config_;
  const Metrics* metrics_;
  bool is_measured_;
  std::map<std::string, Value> computed_;
  std::optional<Error> error_;  ///< of a limit, which a lookup cannot return
  int limit_depth_ = 0;
};

namespace {

std::string explain(const Expression& expression, ConstraintLookup& lookup) {
  std::string numbers;
  for (const std::string& name : expression.names()) {
    const Value* value = lookup.find(name);
    if (!value) continue;
    const auto unit = lookup.is_measure(name) ? expression.unit() : Expression::Unit::None;
    numbers += fmt::format("{}{} = {}", numbers.empty() ? "" : ", ", name, format_as(*value, unit));
  }
  return numbers.empty() ? expression.text() : fmt::format("{} ({})", expression.text(), numbers);
}

/// Nothing if the value is true; `text` if it is not.
Result<bool> holds(const Expression& expression, const Value& value) {
  if (const bool* flag = std::get_if<bool>(&value)) return *flag;
  if (is_number(value)) return as_number(value) != 0;
  return fail(ErrorKind::InvalidInput, {.where = expression.text(),
                                        .what = "the constraint is a text",
                                        .got = "'" + to_text(value) + "'",
                                        .expected = "true or false"});
}

}  // namespace

Constraints::Constraints(std::vector<Expression> expressions, const Space& space, std::vector<Expression> gates)
    : expressions_(std::move(expressions)), gates_(std::move(gates)) {
  for (const Parameter& parameter : space.parameters()) {
    if (parameter.kind != ParameterKind::Simplex) parameters_.push_back(parameter.name);
    for (const std::string& component : parameter.components) parameters_.push_back(parameter.name + "." + component);
  }
  std::sort(parameters_.begin(), parameters_.end());
}

bool Constraints::is_parameter(std::string_view name) const {
  return std::binary_search(parameters_.begin(), parameters_.end(), name);
}

bool Constraints::is_about_metric(const Expression& expression) const {
  return std::any_of(expression.names().begin(), expression.names().end(), [&](const std::string& name) {
    return !is_parameter(name) && !limits_.contains(name) && !constants_.contains(name);
  });
}

Result<void> Constraints::check_limit(const std::string& name, int depth) const {
  const auto refuse = [&](std::string what, std::string got, std::string expected) {
    return fail(
        ErrorKind::InvalidInput,
        {.where = "limit " + name, .what = std::move(what), .got = std::move(got), .expected = std::move(expected)});
  };
  const Expression& limit = limits_.at(name);
  if (depth > kMaxLimitDepth) return refuse("limits that use each other in a circle", limit.text(), "");
  for (const std::string& used : limit.names()) {
    if (is_parameter(used)) continue;
    if (limits_.contains(used)) {
      PEGBOX_CHECK(check_limit(used, depth + 1));
    } else if (!constants_.contains(used)) {
      return refuse("an unknown name", used, "hyperparameters, described values and limits");
    }
  }
  return {};
}

Result<void> Constraints::describe(const Json& values, const std::map<std::string, std::string>& limits) {
  Constraints described = *this;
  described.constants_.clear();
  described.limits_.clear();
  ++described.descriptions_;
  flatten(values, "", described.constants_);
  for (const auto& [name, text] : limits) {
    PEGBOX_TRY(Expression limit, Expression::parse(text, "limit " + name));
    described.limits_.insert_or_assign(name, std::move(limit));
  }
  for (const auto& [name, limit] : described.limits_) PEGBOX_CHECK(described.check_limit(name, 0));
  *this = std::move(described);
  return {};
}

Result<std::optional<std::string>> Constraints::violated(const Config& config) const {
  ConstraintLookup lookup(*this, config, nullptr);
  for (const Expression& expression : expressions_) {
    if (is_about_metric(expression)) continue;
    auto value = lookup.evaluate(expression);
    if (!value && value.error().kind == ErrorKind::NotFound) continue;
    if (!value) return tl::make_unexpected(std::move(value).error());
    PEGBOX_TRY(const bool is_met, holds(expression, *value));
    if (!is_met) return explain(expression, lookup);
  }
  return std::nullopt;
}

namespace {

/// What a condition says of a trial that has ended; nothing if it holds, also by a hyperparameter that is inactive.
template <class IsParameter>
Result<std::optional<std::string>> judge(const Expression& expression, ConstraintLookup& lookup,
                                         const IsParameter& is_parameter) {
  auto value = lookup.evaluate(expression);
  if (!value && value.error().kind == ErrorKind::NotFound) {
    if (is_parameter(value.error().message)) return std::nullopt;
    return fmt::format("{} ({} was not reported)", expression.text(), value.error().message);
  }
  if (!value) return tl::make_unexpected(std::move(value).error());
  PEGBOX_TRY(const bool is_met, holds(expression, *value));
  if (!is_met) return explain(expression, lookup);
  return std::nullopt;
}

}  // namespace

Result<std::vector<std::string>> Constraints::violations_by(const Config& config, const Metrics& metrics) const {
  const auto is_known = [this](std::string_view name) { return is_parameter(name); };
  ConstraintLookup lookup(*this, config, &metrics), measured(*this, config, &metrics, /*is_measured=*/true);
  std::vector<std::string> violations;
  for (const Expression& expression : expressions_) {
    if (!is_about_metric(expression)) continue;
    PEGBOX_TRY(auto violation, judge(expression, lookup, is_known));
    if (violation) violations.push_back(*std::move(violation));
  }
  for (const Expression& gate : gates_) {
    PEGBOX_TRY(auto violation, judge(gate, measured, is_known));
    if (violation) violations.push_back(*std::move(violation));
  }
  return violations;
}

Result<std::optional<std::string>> Constraints::violated_by(const Config& config, const Metrics& metrics) const {
  PEGBOX_TRY(auto violations, violations_by(config, metrics));
  if (violations.empty()) return std::nullopt;
  return std::move(violations.front());
}

std::set<std::string> Constraints::gate_metrics() const {
  std::set<std::string> names;
  for (const Expression& gate : gates_)
    for (const std::string& name : gate.names())
      if (!is_parameter(name)) names.insert(name);
  return names;
}

}  // namespace pegbox
