// Parameter: one hyperparameter of a space: its values, scale, prior, and the condition under which it exists.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "search/config.h"

namespace pegbox {

enum class ParameterKind : std::uint8_t {
  Real,         ///< {range: [1e-5, 1e-2], scale: log, step: ...}
  Integer,      ///< {range: [1, 8], integer: true}
  Categorical,  ///< {choice: [adamw, lion]}
  Ordered,      ///< {choice: [4, 8, 16], ordered: true}
  Fixed,        ///< {value: 3}, or the bare value
  Simplex,      ///< {simplex: [books, code, web]}: non-negative weights with sum 1, named mixture.books and so on
};

// How a range is read: `integer: true` makes it Integer (bounds and step must be whole). Without `integer`, it is
// Integer if a step is given and step and both bounds are written as integers (`{range: [64, 512], step: 64}`); every
// other range is Real: `{range: [0, 1]}` has 0.5 in it. `integer: false` makes it Real whatever the step.

/// What is believed before the first trial: normal around `at` in the parameter's scale, cut to its range.
struct Prior {
  Value at;            ///< most likely value
  double spread = 0;   ///< one standard deviation: a factor on a log scale (2: half to double), else in natural units
  std::string source;  ///< where the belief comes from
};

/// The parameter exists only where another one is active and has one of the values.
struct Condition {
  std::string parameter;
  std::vector<Value> values;
};

struct Parameter {
  std::string name;
  ParameterKind kind = ParameterKind::Real;
  double low = 0, high = 1;             ///< Real, Integer; inclusive
  bool log_scale = false;               ///< Real, Integer: `low` > 0
  double step = 0;                      ///< Real, Integer: values are low + i * step; 0: none (1 for integers)
  std::vector<Value> choices;           ///< Categorical, Ordered; the one value of Fixed
  std::vector<std::string> components;  ///< Simplex
  std::optional<Prior> prior;
  std::vector<double> weights;  ///< Categorical, Ordered: prior weight of each choice; empty: equal
  std::vector<Condition> when;  ///< all must hold

  /// Reads one entry of `space:`. Refuses empty ranges, log scales that reach zero, duplicate choices, unknown keys.
  static Result<Parameter> read(const std::string& name, const Node& node);

  /// Refuses what `read` refuses, in a parameter made by hand. `where` names the place in messages.
  Result<void> check(const std::string& where) const;

  /// Why `value` is none of this parameter's values, in words; empty if it is one. Real values may be off the rounding
  /// grid of from_unit; stepped ones may be off by 1e-6 of a step. Not for a simplex.
  std::string why_not(const Value& value) const;

  /// Axes that it takes in the unit cube: 0 for Fixed, components - 1 for a simplex, else 1.
  int dimensions() const;

  /// The names under which its values stand in a configuration: its own, or a simplex's components ("mixture.books").
  std::vector<std::string> config_names() const;

  /// How many values it can take; 0 if not countable.
  std::int64_t cardinality() const;
};

}  // namespace pegbox
