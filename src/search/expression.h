// Expression: the constraint language. Small, total and safe: arithmetic, comparisons, `divides`, and/or/not; no loops.
//
//   heads divides width        warmup < steps / 10        peak_memory <= 20GiB        method == 'lora' or rank < 8
//
// Operators, weakest first: or; and; not; == != < <= > >= divides (chains like a < b < c are allowed); + -; * / %;
// unary -; ^ (right). Functions: min max abs sqrt log log2 exp floor ceil round. Literals: numbers, sizes (20GiB),
// durations (30m), 'text', true, false. Names: letters, digits, `_` and `.`.
#pragma once

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

  struct Term;  ///< a node of the syntax tree; private to expression.cc

 private:
  std::string text_;
  std::set<std::string> names_;
  std::shared_ptr<const Term> root_;
};

}  // namespace pegbox
