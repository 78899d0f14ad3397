// Term: the syntax tree of an expression; shared by the parser and the evaluation, and by nobody else.
//
// A chain of operators of one level is one node with many operands, so that the depth of a tree is the depth of its
// parentheses, which is bounded, and not its length.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "search/expression.h"

namespace pegbox {

enum class Operator : std::uint8_t {
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Divides,  // relations
  Add,
  Subtract,
  Multiply,
  Divide,
  Modulo,
  Power,  // arithmetic
};

enum class Function : std::uint8_t { Min, Max, Abs, Sqrt, Log, Log2, Exp, Floor, Ceil, Round };

struct Expression::Term {
  enum class Kind : std::uint8_t {
    Literal,
    Name,
    Negate,  ///< one operand, as Not
    Not,
    Or,  ///< two or more operands, as And
    And,
    Relations,   ///< operands[0] operators[0] operands[1] operators[1] ...; all must hold
    Arithmetic,  ///< the same from left to right
    Call,
  };
  Kind kind = Kind::Literal;
  Value literal;
  std::string name;
  Function function = Function::Min;
  std::vector<Operator> operators;
  std::vector<Term> operands;
};

inline constexpr int kMaxExpressionDepth = 64;             ///< nested parentheses, calls, signs
inline constexpr std::size_t kMaxExpressionBytes = 65536;  ///< of text

}  // namespace pegbox
