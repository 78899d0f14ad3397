// Expression: the constraint language. Small, total and safe: arithmetic, comparisons, `divides`, and/or/not; no loops.
//
//   heads divides width        warmup < steps / 10        peak_memory <= 20GiB        method == 'lora' or rank < 8
//
// Operators, weakest first: or; and; not; == != < <= > >= divides (chains like a < b < c are allowed); + -; * / %;
// unary -; ^ (right). Functions: min max abs sqrt log log2 exp floor ceil round. Literals: numbers, sizes (20GiB),
// durations (30m), 'text', true, false. Names: letters, digits, `_` and `.`, and perhaps a slice behind them:
// `validation_loss[lang=de]` is one name, in which all between the brackets counts as it stands.
//
// Integers stay integers where the result is one and fits, else numbers are doubles; % has the sign of the divisor;
// round goes away from zero at a half. `a divides b`: both are whole, a is not 0, and b is a multiple of a. Texts can
// be compared by == and != only. `and` and `or` take numbers as true if not 0, and answer as soon as one side settles
// it, whichever side that is: `rank < 8 or method == 'full'` is true for a method without a rank.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "search/config.h"

namespace pegbox {

class Expression {
 public:
  /// Parses. The error shows the text with a mark under the place, and names what was expected there.
  static Result<Expression> parse(std::string_view text, const std::string& where);

  /// Finds a name's value; nullptr if it has none (an inactive hyperparameter).
  using Lookup = std::function<const Value*(std::string_view name)>;

  /// The value. A name without a value gives NotFound with the name as message; text where a number is needed, or a
  /// division by zero, gives InvalidInput.
  Result<Value> evaluate(const Lookup& lookup) const;

  const std::set<std::string>& names() const { return names_; }  ///< all names that occur
  const std::string& text() const { return text_; }

  /// Whether it answers with true or false: a comparison, and, or, not, a flag. A bare name may.
  bool is_condition() const;

  /// The unit of the literals in it, by which a person wants to read the names: "20GiB" is Bytes, "30m" Seconds.
  enum class Unit : std::uint8_t { None, Bytes, Seconds };
  Unit unit() const { return unit_; }

  struct Term;  ///< a node of the syntax tree; private to expression.cc

 private:
  std::string text_;
  std::set<std::string> names_;
  Unit unit_ = Unit::None;
  std::shared_ptr<const Term> root_;
};

}  // namespace pegbox
