// Expression: precedence, values, units, errors with their place, and inputs that are meant to break it.
#include "search/expression.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "base/rng.h"
#include "search/expression_term.h"

namespace pegbox {
namespace {

using Names = std::map<std::string, Value, std::less<>>;

const Names kNames{{"heads", std::int64_t{8}},
                   {"width", std::int64_t{512}},
                   {"rate", 3e-4},
                   {"method", std::string("lora")},
                   {"flag", true},
                   {"zero", std::int64_t{0}},
                   {"mixture.books", 0.25},
                   {"loss[lang=de]", 2.5},
                   {"f1[topic=a b, c]", 0.5},
                   {"nan", std::nan("")}};

Result<Value> evaluate(const std::string& text, const Names& names = kNames) {
  const auto expression = Expression::parse(text, "test");
  if (!expression) return tl::make_unexpected(expression.error());
  return expression->evaluate([&](std::string_view name) {
    const auto found = names.find(name);
    return found == names.end() ? nullptr : &found->second;
  });
}

std::string evaluated(const std::string& text) {
  const auto value = evaluate(text);
  return value ? to_text(*value) : "error: " + value.error().message;
}

TEST(Expression, FollowsThePrecedenceOfItsOperators) {
  const std::vector<std::pair<std::string, std::string>> table{
      {"1 + 2 * 3", "7"},
      {"(1 + 2) * 3", "9"},
      {"7 - 2 - 1", "4"},
      {"24 / 4 / 2", "3"},
      {"24 / (4 / 2)", "12"},
      {"2 ^ 3 ^ 2", "512"},
      {"(2 ^ 3) ^ 2", "64"},
      {"-2 ^ 2", "-4"},
      {"(-2) ^ 2", "4"},
      {"2 ^ -1", "0.5"},
      {"2 * -3", "-6"},
      {"- - 3", "3"},
      {"1 - -1", "2"},
      {"7 % 4 * 2", "6"},
      {"2 * 7 % 4", "2"},
      {"1 + 1 < 3", "true"},
      {"1 < 2 == true", "false"},  // a chain: 1 < 2 and 2 == true
      {"(1 < 2) == true", "true"},
      {"not 1 > 2", "true"},
      {"not 1 < 2 or true", "true"},
      {"not (1 < 2 or true)", "false"},
      {"true or true and false", "true"},
      {"(true or true) and false", "false"},
      {"not not true", "true"},
      {"1 < 2 < 3", "true"},
      {"1 < 3 < 2", "false"},
      {"3 > 2 >= 2 != 1", "true"},
      {"heads divides width", "true"},
      {"heads divides width + 4", "false"},
      {"2 divides heads divides width", "true"},
      {"min(3, 1, 2)", "1"},
      {"max(3, 1 + 3, 2)", "4"},
      {"abs(-3) + 1", "4"},
      {"sqrt(16)", "4"},
      {"log2(8)", "3"},
      {"log(exp(1))", "1"},
      {"floor(2.7)", "2"},
      {"ceil(2.1)", "3"},
      {"round(2.5) + round(-2.5)", "0"},
      {"floor(-2.5)", "-3"},
      {"method == 'lora'", "true"},
      {"method != \"lora\"", "false"},
      {"mixture.books * 4", "1"},
      {".5 + 1.", "1.5"},
      {"flag + flag", "2"},
      {"1e3", "1000"},
      {"\t1\n+ 1 ", "2"},
  };
  for (const auto& [text, expected] : table) EXPECT_EQ(evaluated(text), expected) << text;
}

TEST(Expression, KeepsIntegersExactAsLongAsTheyFit) {
  EXPECT_EQ(*evaluate("9007199254740993 + 0"), Value(std::int64_t{9007199254740993}));
  EXPECT_EQ(*evaluate("9007199254740993 < 9007199254740993.0"), Value(false));
  EXPECT_EQ(*evaluate("9007199254740993 > 9007199254740992.0"), Value(true));
  EXPECT_EQ(*evaluate("6 / 3"), Value(std::int64_t{2}));
  EXPECT_EQ(*evaluate("7 / 2"), Value(3.5));
  EXPECT_EQ(*evaluate("2 ^ 62"), Value(std::int64_t{1} << 62));
  EXPECT_EQ(*evaluate("2 ^ 63"), Value(9223372036854775808.0));
  EXPECT_EQ(*evaluate("9223372036854775807 + 1"), Value(9223372036854775808.0));
  EXPECT_EQ(*evaluate("(-9223372036854775807 - 1) / -1"), Value(9223372036854775808.0));
  EXPECT_EQ(*evaluate("(-9223372036854775807 - 1) % -1"), Value(std::int64_t{0}));
  EXPECT_EQ(*evaluate("abs(-9223372036854775807 - 1)"), Value(9223372036854775808.0));
  EXPECT_EQ(*evaluate("0 ^ 0"), Value(std::int64_t{1}));
  EXPECT_EQ(*evaluate("(-1) ^ 1000000001"), Value(std::int64_t{-1}));
}

TEST(Expression, GivesModuloTheSignOfTheDivisor) {
  EXPECT_EQ(evaluated("-7 % 4"), "1");
  EXPECT_EQ(evaluated("7 % -4"), "-1");
  EXPECT_EQ(evaluated("-8 % 4"), "0");
  EXPECT_EQ(evaluated("5.5 % 2"), "1.5");
  EXPECT_EQ(evaluated("-5.5 % 2"), "0.5");
}

TEST(Expression, DividesWholeNumbersOnly) {
  EXPECT_EQ(evaluated("4 divides 12.0"), "true");
  EXPECT_EQ(evaluated("4 divides 12.5"), "false");
  EXPECT_EQ(evaluated("0 divides 12"), "false");
  EXPECT_EQ(evaluated("4 divides 0"), "true");
  EXPECT_EQ(evaluated("-1 divides -9223372036854775807 - 1"), "true");
  EXPECT_EQ(evaluated("nan divides 4"), "false");
}

TEST(Expression, ReadsSizesAndDurations) {
  EXPECT_EQ(evaluated("20GiB"), "21474836480");
  EXPECT_EQ(evaluated("512 MB + 1kB"), "512001000");
  EXPECT_EQ(evaluated("1.5 GiB / 1MiB"), "1536");
  EXPECT_EQ(evaluated("30m"), "1800");
  EXPECT_EQ(evaluated("1h30m < 2h"), "true");
  EXPECT_EQ(evaluated("250ms"), "0.25");
  EXPECT_EQ(evaluated("2e3s"), "2000");
  EXPECT_EQ(Expression::parse("peak <= 20GiB", "")->unit(), Expression::Unit::Bytes);
  EXPECT_EQ(Expression::parse("latency <= 30ms", "")->unit(), Expression::Unit::Seconds);
  EXPECT_EQ(Expression::parse("latency <= 30", "")->unit(), Expression::Unit::None);
}

TEST(Expression, RefusesQuantitiesThatCouldMeanTwoThings) {
  for (const char* text : {"5M", "5G", "5k", "3x", "0x10", "1.2.3", "1e5e5", "7and 1"})
    EXPECT_FALSE(evaluate(text)) << text << " = " << evaluated(text);
}

TEST(Expression, ListsItsNames) {
  const auto expression = Expression::parse("min(a, b.c) < a or not d and 'e' == f", "");
  ASSERT_TRUE(expression);
  EXPECT_EQ(expression->names(), (std::set<std::string>{"a", "b.c", "d", "f"}));
  EXPECT_EQ(expression->text(), "min(a, b.c) < a or not d and 'e' == f");
}

TEST(Expression, TakesTheSliceBehindANameAsAPartOfIt) {
  EXPECT_EQ(evaluated("loss[lang=de] <= 3 and f1[topic=a b, c] > 0.4"), "true");
  EXPECT_EQ(evaluated("loss[lang=de] * 2"), "5");
  const auto expression = Expression::parse("loss[lang=de] < loss[lang=] + 1", "test");
  ASSERT_TRUE(expression) << expression.error().message;
  EXPECT_EQ(expression->names(), (std::set<std::string>{"loss[lang=de]", "loss[lang=]"}));
  EXPECT_NE(evaluated("loss[lang=de < 3").find("without its closing bracket"), std::string::npos);
  EXPECT_NE(evaluated("2[lang=de]").find("means nothing here"), std::string::npos);
}

TEST(Expression, KnowsWhetherItIsACondition) {
  for (const char* text : {"a < b", "not a", "a or b", "a and b", "a", "true", "a divides b", "(a == b)"})
    EXPECT_TRUE(Expression::parse(text, "")->is_condition()) << text;
  for (const char* text : {"a + b", "1", "'x'", "-a", "min(a, b)", "20GiB"})
    EXPECT_FALSE(Expression::parse(text, "")->is_condition()) << text;
}

TEST(Expression, NamesTheNameWithoutAValue) {
  const auto value = evaluate("heads + unknown.name * other");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().kind, ErrorKind::NotFound);
  EXPECT_EQ(value.error().message, "unknown.name");
}

TEST(Expression, LetsOneSideOfAndAndOrDecideWhicheverItIs) {
  for (const char* text : {"method == 'lora' or unknown < 8", "unknown < 8 or method == 'lora'", "not (unknown and 0)"})
    EXPECT_EQ(evaluated(text), "true") << text;
  for (const char* text : {"method == 'full' and unknown < 8", "unknown < 8 and method == 'full'", "unknown and zero"})
    EXPECT_EQ(evaluated(text), "false") << text;
  for (const char* text : {"method == 'full' or unknown < 8", "unknown < 8 and method == 'lora'", "not unknown"})
    EXPECT_EQ(evaluate(text).error().kind, ErrorKind::NotFound) << text;
  // A fault is a fault, unless the answer stands before it is reached.
  EXPECT_FALSE(evaluate("1 / zero > 1 or true"));
  EXPECT_EQ(evaluated("true or 1 / zero > 1"), "true");
}

TEST(Expression, RefusesTextAsANumberAndDivisionByZero) {
  for (const char* text :
       {"method + 1", "method < 'm'", "-method", "method and true", "min(1, method)", "abs('x')", "'a' divides 4",
        "1 / zero", "1 % zero", "1 / 0.0", "5.5 % 0", "0 ^ -1", "log(0)", "log(-1)", "sqrt(-1)", "(-8) ^ 0.5"}) {
    const auto value = evaluate(text);
    ASSERT_FALSE(value) << text << " = " << to_text(*value);
    EXPECT_EQ(value.error().kind, ErrorKind::InvalidInput) << text;
    EXPECT_NE(value.error().message.find(text), std::string::npos) << value.error().message;
  }
}

TEST(Expression, ComparesWithNotANumberAsFalse) {
  for (const char* text : {"nan < 1", "nan <= 1", "nan > 1", "nan >= 1", "nan == nan", "1 >= nan"})
    EXPECT_EQ(evaluated(text), "false") << text;
  EXPECT_TRUE(std::isnan(as_number(*evaluate("nan + 1"))));
}

/// Column of the mark in the message's last line; the text stands above it, moved by the same two spaces.
std::ptrdiff_t marked_column(const std::string& message) {
  const auto line = message.substr(message.rfind('\n') + 1);
  return static_cast<std::ptrdiff_t>(line.find('^')) - 2;
}

TEST(Expression, MarksThePlaceOfAnError) {
  struct Case {
    std::string text;
    std::ptrdiff_t column;
    std::string part;
  };
  const std::vector<Case> cases{
      {"heads dvides width", 6, "did you mean divides?"},
      {"a = b", 2, "write == to compare"},
      {"a && b", 2, "write `and`"},
      {"a || b", 2, "write `or`"},
      {"!a", 0, "write `not`"},
      {"a +", 3, "the expression ends too early"},
      {"", 0, "the expression ends too early"},
      {"(a", 2, "an operator or `)`"},
      {"a)", 1, "an operator or the end"},
      {"a b", 2, "an operator or the end"},
      {"1 + * 2", 4, "a value"},
      {"a < and", 4, "a value"},
      {"sqr(2)", 0, "did you mean sqrt?"},
      {"sqrt(1, 2)", 0, "takes one value"},
      {"min()", 4, "a value"},
      {"min(1 2)", 6, "`,` or `)`"},
      {"a == 'lora", 5, "closing quote"},
      {"a ; b", 2, "means nothing"},
      {"x < 20GXB", 4, "neither a number nor a quantity"},
      {"1e999 > a", 0, "too large"},
      {"\xc3\xa9", 0, "means nothing"},
      {"'\xc3\xa9' == ;", 7, "means nothing"},
  };
  for (const auto& [text, column, part] : cases) {
    const auto expression = Expression::parse(text, "study.yaml:7");
    ASSERT_FALSE(expression) << text;
    const std::string& message = expression.error().message;
    EXPECT_EQ(expression.error().kind, ErrorKind::InvalidInput);
    EXPECT_EQ(marked_column(message), column) << message;
    EXPECT_NE(message.find(part), std::string::npos) << message;
    EXPECT_NE(message.find("study.yaml:7"), std::string::npos) << message;
  }
}

TEST(Expression, BoundsItsDepthButNotItsLength) {
  const auto nested = [](int depth, const std::string& open, const std::string& close) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += open;
    text += "1";
    for (int i = 0; i < depth; ++i) text += close;
    return text;
  };
  const std::vector<std::pair<std::string, std::string>> kinds{
      {"(", ")"}, {"-", ""}, {"not ", ""}, {"2^", ""}, {"abs(", ")"}, {"min(0, ", ")"}, {"1+(", ")"}};
  for (const auto& [open, close] : kinds) {
    EXPECT_TRUE(Expression::parse(nested(kMaxExpressionDepth / 2, open, close), "")) << open;
    const auto deep = Expression::parse(nested(5000, open, close), "");
    ASSERT_FALSE(deep) << open;
    EXPECT_NE(deep.error().message.find("nested deeper"), std::string::npos);
  }
  std::string sum = "1", relation = "1", choice = "false";
  for (int i = 0; i < 5000; ++i) {
    sum += "+1";
    relation += "<=1";
    choice += " or false";
  }
  EXPECT_EQ(evaluated(sum), "5001");
  EXPECT_EQ(evaluated(relation), "true");
  EXPECT_EQ(evaluated(choice), "false");
  EXPECT_FALSE(Expression::parse(std::string(kMaxExpressionBytes + 1, ' '), ""));
}

TEST(Expression, AnswersAnyBytesWithAValueOrAnError) {
  const std::vector<std::string> tokens{"a",  "heads", "1",   "2.5", "20GiB", "'x'", "(",    ")",    "+",       "-",
                                        "*",  "/",     "%",   "^",   "<",     "<=",  "==",   "!=",   "divides", "and",
                                        "or", "not",   "min", ",",   "sqrt",  "=",   "true", "zero", "method",  "\xff",
                                        "'",  "\"",    "1e",  ".",   "1.e5",  "#",   " ",    "\n",   "e5",      "nan"};
  Rng rng({7, stream_id("fuzz")});
  int parsed = 0;
  for (int round = 0; round < 60000; ++round) {
    std::string text;
    for (std::uint64_t i = 0, count = 1 + rng.below(12); i < count; ++i)
      text += tokens[rng.below(tokens.size())] + (rng.below(3) ? " " : "");
    const auto expression = Expression::parse(text, "fuzz");
    if (!expression) {
      EXPECT_EQ(expression.error().kind, ErrorKind::InvalidInput);
      continue;
    }
    ++parsed;
    const auto value = evaluate(text);
    if (!value) {
      EXPECT_TRUE(value.error().kind == ErrorKind::NotFound || value.error().kind == ErrorKind::InvalidInput);
    }
  }
  EXPECT_GT(parsed, 1000);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (std::uint64_t i = 0, count = rng.below(20); i < count; ++i) text += static_cast<char>(rng.below(256));
    (void)evaluate(text);
  }
}

// A second opinion on precedence: random trees, printed with as few parentheses as the table in expression.h allows,
// must have the value that the tree has.
struct Tree {
  std::string op;  // empty: the number
  double number = 0;
  std::vector<Tree> operands;
};

int level_of(const std::string& op) {
  if (op == "or") return 1;
  if (op == "and") return 2;
  if (op == "not") return 3;
  if (op == "<" || op == "<=" || op == "==") return 4;
  if (op == "+" || op == "-") return 5;
  if (op == "*" || op == "/") return 6;
  if (op == "neg") return 7;
  if (op == "^") return 8;
  return 9;
}

Tree random_tree(Rng& rng, int depth) {
  static const std::vector<std::string> kBinary{"or", "and", "<", "<=", "==", "+", "-", "*", "/", "^"};
  if (depth == 0 || rng.below(5) == 0) return {"", static_cast<double>(1 + rng.below(4)), {}};
  const auto kind = rng.below(kBinary.size() + 2);
  if (kind >= kBinary.size()) return {kind == kBinary.size() ? "not" : "neg", 0, {random_tree(rng, depth - 1)}};
  return {kBinary[kind], 0, {random_tree(rng, depth - 1), random_tree(rng, depth - 1)}};
}

std::string print(const Tree& tree);

/// Parentheses where the operand binds weaker than its place demands.
std::string print_at(const Tree& tree, int level) {
  return level_of(tree.op) < level ? "(" + print(tree) + ")" : print(tree);
}

std::string print(const Tree& tree) {
  if (tree.op.empty()) return std::to_string(static_cast<int>(tree.number));
  const int level = level_of(tree.op);
  if (tree.op == "not") return "not " + print_at(tree.operands[0], level);
  if (tree.op == "neg") return "-" + print_at(tree.operands[0], level);
  // Relations chain, so both sides need a stronger operator; ^ takes a sign on its right and groups to the right.
  const int left = tree.op == "^" ? 9 : level == 4 ? 5 : level;
  const int right = tree.op == "^" ? 7 : level + 1;
  return print_at(tree.operands[0], left) + " " + tree.op + " " + print_at(tree.operands[1], right);
}

double value_of(const Tree& tree) {
  if (tree.op.empty()) return tree.number;
  const double a = value_of(tree.operands[0]);
  if (tree.op == "not") return a == 0;
  if (tree.op == "neg") return -a;
  const double b = value_of(tree.operands[1]);
  if (tree.op == "or") return a != 0 || b != 0;
  if (tree.op == "and") return a != 0 && b != 0;
  if (tree.op == "<") return a < b;
  if (tree.op == "<=") return a <= b;
  if (tree.op == "==") return a == b;
  if (tree.op == "+") return a + b;
  if (tree.op == "-") return a - b;
  if (tree.op == "*") return a * b;
  if (tree.op == "/") return b == 0 ? std::nan("") : a / b;
  return std::pow(a, b);
}

/// Whether a comparison of a flag with a number decides something: they are never the same in the language.
bool mixes_flags(const Tree& tree) {
  const auto is_flag = [](const Tree& operand) { return !operand.op.empty() && level_of(operand.op) <= 4; };
  if (tree.op == "==" && is_flag(tree.operands[0]) != is_flag(tree.operands[1])) return true;
  for (const Tree& operand : tree.operands)
    if (mixes_flags(operand)) return true;
  return false;
}

TEST(Expression, AgreesWithTreesPrintedWithFewestParentheses) {
  Rng rng({11, stream_id("trees")});
  int compared = 0;
  for (int round = 0; round < 20000; ++round) {
    const Tree tree = random_tree(rng, 5);
    const double expected = value_of(tree);
    if (!std::isfinite(expected) || std::abs(expected) > 1e15 || mixes_flags(tree)) continue;
    const std::string text = print(tree);
    const auto value = evaluate(text);
    if (!value) continue;  // a division by zero, or the root of a negative number, further in
    ++compared;
    EXPECT_NEAR(as_number(*value), expected, 1e-9 * std::abs(expected)) << text;
  }
  EXPECT_GT(compared, 10000);
}

}  // namespace
}  // namespace pegbox
