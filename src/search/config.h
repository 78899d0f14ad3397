// Config: the values of one trial's hyperparameters, in the order of the space.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/field_table.h"
#include "base/json.h"
#include "base/result.h"

namespace pegbox {

/// One hyperparameter's value. `to_json` is that of fields.
using Value = FieldValue;

Result<Value> value_from_json(const Json& json);  ///< InvalidInput for null, arrays and objects
std::string to_text(const Value& value);          ///< "3e-4", "lora", "true"
bool is_number(const Value& value);
double as_number(const Value& value);  ///< numbers and booleans; NaN for text

/// Equal as a person would say: 2 and 2.0 are, 2 and "2" are not.
bool same_value(const Value& a, const Value& b);

/// Named values. A hyperparameter that is not active under the space's conditions is absent.
class Config {
 public:
  Config() = default;
  Config(std::initializer_list<std::pair<std::string, Value>> values) : values_(values) {}

  const Value* find(std::string_view name) const;  ///< nullptr if absent
  void set(std::string_view name, Value value);    ///< replaces in place or appends
  bool empty() const { return values_.empty(); }
  std::size_t size() const { return values_.size(); }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }

  Json to_json() const;
  static Result<Config> from_json(const Json& json);
  std::string to_text() const;                 ///< "learning_rate=3e-4 rank=8"
  bool operator==(const Config& other) const;  ///< the same names with the same values, in any order

 private:
  std::vector<std::pair<std::string, Value>> values_;
};

}  // namespace pegbox
