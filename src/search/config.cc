// Config: comparison of values as a person sees them, and their JSON and text forms.
#include "search/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/units.h"

namespace pegbox {
namespace {

/// Exact, also where a double cannot hold the integer.
bool equals(std::int64_t integer, double real) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  return real >= -kLimit && real < kLimit && std::trunc(real) == real && static_cast<std::int64_t>(real) == integer;
}

}  // namespace

Result<Value> value_from_json(const Json& json) {
  if (json.is_boolean()) return Value(json.get<bool>());
  if (json.is_string()) return Value(json.get<std::string>());
  if (json.is_number_float()) return Value(json.get<double>());
  if (json.is_number_unsigned()) {
    const auto number = json.get<std::uint64_t>();
    if (number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return Value(static_cast<std::int64_t>(number));
  } else if (json.is_number_integer()) {
    return Value(json.get<std::int64_t>());
  }
  return fail(ErrorKind::InvalidInput, {.what = "not a value of a hyperparameter",
                                        .got = to_line(json).substr(0, 60),
                                        .expected = "true, false, a number or a text"});
}

std::string to_text(const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value)) return format_number(*real);
  return std::get<std::string>(value);
}

bool is_number(const Value& value) {
  return std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value);
}

double as_number(const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? 1.0 : 0.0;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  return std::numeric_limits<double>::quiet_NaN();
}

bool same_value(const Value& a, const Value& b) {
  if (a.index() == b.index()) return a == b;
  if (!is_number(a) || !is_number(b)) return false;
  if (const auto* integer = std::get_if<std::int64_t>(&a)) return equals(*integer, std::get<double>(b));
  return equals(std::get<std::int64_t>(b), std::get<double>(a));
}

const Value* Config::find(std::string_view name) const {
  for (const auto& [key, value] : values_)
    if (key == name) return &value;
  return nullptr;
}

void Config::set(std::string_view name, Value value) {
  for (auto& [key, old] : values_) {
    if (key != name) continue;
    old = std::move(value);
    return;
  }
  values_.emplace_back(name, std::move(value));
}

Json Config::to_json() const {
  Json json = Json::object();
  for (const auto& [name, value] : values_) json[name] = pegbox::to_json(value);
  return json;
}

Result<Config> Config::from_json(const Json& json) {
  if (!json.is_object())
    return fail(ErrorKind::InvalidInput, {.what = "not a configuration",
                                          .got = to_line(json).substr(0, 60),
                                          .expected = "an object of hyperparameters and values"});
  Config config;
  config.values_.reserve(json.size());
  for (const auto& [name, member] : json.items()) {
    auto value = value_from_json(member);
    if (!value) return tl::make_unexpected(Error{value.error().kind, name + ": " + value.error().message});
    config.values_.emplace_back(name, std::move(*value));
  }
  return config;
}

std::string Config::to_text() const {
  std::string text;
  for (const auto& [name, value] : values_) {
    if (!text.empty()) text += ' ';
    text += name + '=' + pegbox::to_text(value);
  }
  return text;
}

bool Config::operator==(const Config& other) const {
  if (size() != other.size()) return false;
  std::size_t i = 0;
  for (const auto& [name, value] : values_) {
    const auto& [same_place_name, same_place_value] = other.values_[i++];
    const Value* found = same_place_name == name ? &same_place_value : other.find(name);
    if (!found || !same_value(value, *found)) return false;
  }
  return true;
}

}  // namespace pegbox
