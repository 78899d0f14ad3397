// Expression: evaluation.
#include "search/expression.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "search/expression_term.h"

namespace pegbox {
namespace {

using Term = Expression::Term;

constexpr double kInt64Limit = 9223372036854775808.0;  // 2^63

bool is_whole(double value) { return std::trunc(value) == value && value >= -kInt64Limit && value < kInt64Limit; }

std::optional<std::int64_t> as_whole(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  const double real = as_number(value);
  if (!is_whole(real)) return std::nullopt;
  return static_cast<std::int64_t>(real);
}

std::int64_t floor_modulo(std::int64_t a, std::int64_t b) {
  if (b == -1) return 0;  // INT64_MIN % -1 overflows
  const std::int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

std::optional<std::int64_t> integer_power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) return std::nullopt;
  std::int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) return std::nullopt;
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) return std::nullopt;
  }
  return result;
}

/// The exact integer result, if there is one that fits. The divisor is not 0.
std::optional<std::int64_t> integer_arithmetic(Operator op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  switch (op) {
    case Operator::Add:
      return __builtin_add_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case Operator::Subtract:
      return __builtin_sub_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case Operator::Multiply:
      return __builtin_mul_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case Operator::Divide:
      if (b == -1) return __builtin_sub_overflow(std::int64_t{0}, a, &result) ? std::nullopt : std::optional(result);
      return a % b == 0 ? std::optional(a / b) : std::nullopt;
    case Operator::Modulo:
      return floor_modulo(a, b);
    case Operator::Power:
      return integer_power(a, b);
    default:
      return std::nullopt;
  }
}

double real_arithmetic(Operator op, double a, double b) {
  switch (op) {
    case Operator::Add:
      return a + b;
    case Operator::Subtract:
      return a - b;
    case Operator::Multiply:
      return a * b;
    case Operator::Divide:
      return a / b;
    case Operator::Modulo:
      return a - b * std::floor(a / b);
    default:
      return std::pow(a, b);
  }
}

double real_function(Function function, double x) {
  switch (function) {
    case Function::Abs:
      return std::abs(x);
    case Function::Sqrt:
      return std::sqrt(x);
    case Function::Log:
      return std::log(x);
    case Function::Log2:
      return std::log2(x);
    case Function::Exp:
      return std::exp(x);
    case Function::Floor:
      return std::floor(x);
    case Function::Ceil:
      return std::ceil(x);
    default:
      return std::round(x);
  }
}

bool rounds(Function function) {
  return function == Function::Floor || function == Function::Ceil || function == Function::Round;
}

/// Exact between an integer and a double too.
bool less(const Value& a, const Value& b) {
  const auto* left = std::get_if<std::int64_t>(&a);
  const auto* right = std::get_if<std::int64_t>(&b);
  if (left && right) return *left < *right;
  if (left || right) {
    // long double holds both exactly on x86-64; elsewhere the comparison is as good as its mantissa.
    const auto exact = [](const Value& value) {
      const auto* integer = std::get_if<std::int64_t>(&value);
      return integer ? static_cast<long double>(*integer) : static_cast<long double>(as_number(value));
    };
    return exact(a) < exact(b);
  }
  return as_number(a) < as_number(b);
}

bool less_or_equal(const Value& a, const Value& b) {
  return !std::isnan(as_number(a)) && !std::isnan(as_number(b)) && !less(b, a);
}

bool divides(const Value& a, const Value& b) {
  const auto divisor = as_whole(a), number = as_whole(b);
  return divisor && number && *divisor != 0 && (*divisor == -1 || *number % *divisor == 0);
}

class Evaluation {
 public:
  Evaluation(const Expression::Lookup& lookup, const std::string& text) : lookup_(lookup), text_(text) {}

  Result<Value> value(const Term& term) const {
    switch (term.kind) {
      case Term::Kind::Literal:
        return term.literal;
      case Term::Kind::Name:
        return name(term.name);
      case Term::Kind::Negate:
        return negate(term);
      case Term::Kind::Not:
        return negation(term);
      case Term::Kind::Or:
        return logic(term, true);
      case Term::Kind::And:
        return logic(term, false);
      case Term::Kind::Relations:
        return relations(term);
      case Term::Kind::Arithmetic:
        return arithmetic(term);
      case Term::Kind::Call:
        return call(term);
    }
    return refuse("an unknown term");
  }

 private:
  tl::unexpected<Error> refuse(std::string what, std::string got = {}) const {
    return fail(ErrorKind::InvalidInput, {.where = text_, .what = std::move(what), .got = std::move(got)});
  }

  Result<Value> name(const std::string& name) const {
    const Value* found = lookup_(name);
    if (!found) return tl::make_unexpected(Error{ErrorKind::NotFound, name});
    return *found;
  }

  Result<Value> number(const Term& term) const {
    auto result = value(term);
    if (result && std::holds_alternative<std::string>(*result))
      return refuse("a text where a number is needed", "'" + to_text(*result) + "'");
    if (result)
      if (const bool* flag = std::get_if<bool>(&*result)) return Value(std::int64_t{*flag});
    return result;
  }

  Result<bool> truth(const Term& term) const {
    PEGBOX_TRY(const Value result, number(term));
    return as_number(result) != 0;
  }

  Result<Value> negate(const Term& term) const {
    PEGBOX_TRY(const Value operand, number(term.operands[0]));
    return combine(Operator::Subtract, std::int64_t{0}, operand);
  }

  Result<Value> negation(const Term& term) const {
    PEGBOX_TRY(const bool operand, truth(term.operands[0]));
    return Value(!operand);
  }

  /// One operand equal to `settling` decides; without it, a name without a value leaves the whole undecided.
  Result<Value> logic(const Term& term, bool settling) const {
    std::optional<Error> missing;
    for (const Term& operand : term.operands) {
      auto result = truth(operand);
      if (result && *result == settling) return Value(settling);
      if (result) continue;
      if (result.error().kind != ErrorKind::NotFound) return tl::make_unexpected(std::move(result).error());
      if (!missing) missing = std::move(result).error();
    }
    if (missing) return tl::make_unexpected(std::move(*missing));
    return Value(!settling);
  }

  Result<Value> relations(const Term& term) const {
    PEGBOX_TRY(Value left, value(term.operands[0]));
    for (std::size_t i = 0; i < term.operators.size(); ++i) {
      PEGBOX_TRY(Value right, value(term.operands[i + 1]));
      PEGBOX_TRY(const bool holds, relation(term.operators[i], left, right));
      if (!holds) return Value(false);
      left = std::move(right);
    }
    return Value(true);
  }

  Result<bool> relation(Operator op, const Value& left, const Value& right) const {
    if (op == Operator::Equal) return same_value(left, right);
    if (op == Operator::NotEqual) return !same_value(left, right);
    for (const Value* side : {&left, &right})
      if (std::holds_alternative<std::string>(*side))
        return refuse("a text where a number is needed", "'" + to_text(*side) + "'");
    switch (op) {
      case Operator::Less:
        return less(left, right);
      case Operator::LessEqual:
        return less_or_equal(left, right);
      case Operator::Greater:
        return less(right, left);
      case Operator::GreaterEqual:
        return less_or_equal(right, left);
      default:
        return divides(left, right);
    }
  }

  Result<Value> arithmetic(const Term& term) const {
    PEGBOX_TRY(Value left, number(term.operands[0]));
    for (std::size_t i = 0; i < term.operators.size(); ++i) {
      PEGBOX_TRY(const Value right, number(term.operands[i + 1]));
      PEGBOX_TRY(left, combine(term.operators[i], left, right));
    }
    return left;
  }

  Result<Value> combine(Operator op, const Value& left, const Value& right) const {
    if ((op == Operator::Divide || op == Operator::Modulo) && as_number(right) == 0)
      return refuse("a division by zero");
    const auto* a = std::get_if<std::int64_t>(&left);
    const auto* b = std::get_if<std::int64_t>(&right);
    if (a && b)
      if (const auto exact = integer_arithmetic(op, *a, *b)) return Value(*exact);
    const double x = as_number(left), y = as_number(right);
    if (op == Operator::Power && x == 0 && y < 0) return refuse("a division by zero");
    const double result = real_arithmetic(op, x, y);
    if (std::isnan(result) && std::isfinite(x) && std::isfinite(y)) return refuse("the result is not a number");
    return Value(result);
  }

  Result<Value> call(const Term& term) const {
    PEGBOX_TRY(Value first, number(term.operands[0]));
    if (term.function == Function::Min || term.function == Function::Max) {
      for (std::size_t i = 1; i < term.operands.size(); ++i) {
        PEGBOX_TRY(Value other, number(term.operands[i]));
        if (term.function == Function::Min ? less(other, first) : less(first, other)) first = std::move(other);
      }
      return first;
    }
    if (const auto* integer = std::get_if<std::int64_t>(&first)) {
      if (rounds(term.function)) return first;
      if (term.function == Function::Abs && *integer != std::numeric_limits<std::int64_t>::min())
        return Value(std::abs(*integer));
    }
    const double x = as_number(first);
    const double result = real_function(term.function, x);
    const bool is_log = term.function == Function::Log || term.function == Function::Log2;
    if (std::isfinite(x) && (std::isnan(result) || (is_log && std::isinf(result))))
      return refuse("the function has no value there", to_text(first));
    if (rounds(term.function) && is_whole(result)) return Value(static_cast<std::int64_t>(result));
    return Value(result);
  }

  const Expression::Lookup& lookup_;
  const std::string& text_;
};

}  // namespace

Result<Value> Expression::evaluate(const Lookup& lookup) const {
  if (!root_) return fail(ErrorKind::InvalidInput, {.what = "an empty expression"});
  return Evaluation(lookup, text_).value(*root_);
}

bool Expression::is_condition() const {
  if (!root_) return false;
  switch (root_->kind) {
    case Term::Kind::Literal:
      return std::holds_alternative<bool>(root_->literal);
    case Term::Kind::Name:
    case Term::Kind::Not:
    case Term::Kind::Or:
    case Term::Kind::And:
    case Term::Kind::Relations:
      return true;
    default:
      return false;
  }
}

}  // namespace pegbox
