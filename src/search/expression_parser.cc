// Expression: the parser, by recursive descent with one function for each level of precedence.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/document.h"
#include "base/number.h"
#include "base/units.h"
#include "search/expression_term.h"

namespace pegbox {
namespace {

using Term = Expression::Term;

template <class T, std::size_t N>
using Table = std::array<std::pair<std::string_view, T>, N>;

constexpr Table<Function, 10> kFunctions{{{"min", Function::Min},
                                          {"max", Function::Max},
                                          {"abs", Function::Abs},
                                          {"sqrt", Function::Sqrt},
                                          {"log", Function::Log},
                                          {"log2", Function::Log2},
                                          {"exp", Function::Exp},
                                          {"floor", Function::Floor},
                                          {"ceil", Function::Ceil},
                                          {"round", Function::Round}}};
constexpr Table<Operator, 7> kRelations{{{"==", Operator::Equal},
                                         {"!=", Operator::NotEqual},
                                         {"<=", Operator::LessEqual},
                                         {">=", Operator::GreaterEqual},
                                         {"<", Operator::Less},
                                         {">", Operator::Greater},
                                         {"divides", Operator::Divides}}};
constexpr Table<Operator, 2> kSums{{{"+", Operator::Add}, {"-", Operator::Subtract}}};
constexpr Table<Operator, 3> kProducts{{{"*", Operator::Multiply}, {"/", Operator::Divide}, {"%", Operator::Modulo}}};
constexpr std::array<std::string_view, 8> kSizeUnits{"kB", "KB", "MB", "GB", "KiB", "MiB", "GiB", "TiB"};
constexpr std::array<std::string_view, 4> kWords{"or", "and", "not", "divides"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_part(char c) { return is_letter(c) || is_digit(c) || c == '.'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

template <class T, std::size_t N>
std::optional<T> find(const Table<T, N>& table, std::string_view key) {
  for (const auto& [name, value] : table)
    if (name == key) return value;
  return std::nullopt;
}

enum class TokenKind : std::uint8_t { Number, Text, Name, Symbol, End };

struct Token {
  TokenKind kind = TokenKind::End;
  std::size_t begin = 0;
  std::string_view text;  // a text without its quotes
  Value number;
  Expression::Unit unit = Expression::Unit::None;
};

/// The text with a mark under the byte at `position`.
std::string marked(std::string_view text, std::size_t position) {
  std::string line, mark;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    line += byte < 0x20 || byte == 0x7f ? ' ' : text[i];
    if (i < position && (byte & 0xc0) != 0x80) mark += ' ';
  }
  return "\n  " + line + "\n  " + mark + "^";
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  Result<Term> parse() {
    PEGBOX_CHECK(advance());
    PEGBOX_TRY(Term root, parse_or());
    if (token_.kind != TokenKind::End) return unexpected("an operator or the end");
    return root;
  }

  std::set<std::string> names;
  Expression::Unit unit = Expression::Unit::None;

 private:
  tl::unexpected<Error> refuse(std::size_t position, std::string what, std::string expected = {},
                               std::string hint = {}) const {
    auto error =
        fail(ErrorKind::InvalidInput,
             {.where = where_, .what = std::move(what), .expected = std::move(expected), .hint = std::move(hint)});
    error.value().message += marked(text_, position);
    return error;
  }

  tl::unexpected<Error> unexpected(const std::string& expected) const {
    if (token_.kind == TokenKind::End) return refuse(token_.begin, "the expression ends too early", expected);
    std::string hint;
    if (token_.text == "=") hint = "write == to compare";
    if (token_.text == "&") hint = "write `and`";
    if (token_.text == "|") hint = "write `or`";
    if (token_.text == "!") hint = "write `not`";
    if (token_.kind == TokenKind::Name)
      if (const std::string near = nearest_name(token_.text, kWords); !near.empty() && near != token_.text)
        hint = "did you mean " + near + "?";
    return refuse(token_.begin, fmt::format("unexpected '{}'", token_.text), expected, hint);
  }

  // The lexer.

  Result<void> advance() {
    while (next_ < text_.size() && is_space(text_[next_])) ++next_;
    token_ = Token{TokenKind::End, next_, {}, {}, Expression::Unit::None};
    if (next_ == text_.size()) return {};
    const char c = text_[next_];
    if (is_digit(c) || (c == '.' && next_ + 1 < text_.size() && is_digit(text_[next_ + 1]))) return take_number();
    if (c == '\'' || c == '"') return take_text(c);
    if (is_letter(c)) return take_name();
    const std::string_view two = text_.substr(next_, 2);
    if (two == "==" || two == "!=" || two == "<=" || two == ">=") {
      take(TokenKind::Symbol, 2);
      return {};
    }
    if (std::string_view("+-*/%^<>(),=&|!").find(c) == std::string_view::npos)
      return refuse(next_, "a character that means nothing here", "a name, a number or an operator");
    take(TokenKind::Symbol, 1);
    return {};
  }

  void take(TokenKind kind, std::size_t length) {
    token_.kind = kind;
    token_.text = text_.substr(next_, length);
    next_ += length;
  }

  template <class Predicate>
  std::size_t run(std::size_t from, Predicate is_in) const {
    std::size_t end = from;
    while (end < text_.size() && is_in(text_[end])) ++end;
    return end - from;
  }

  /// With the slice in brackets behind it.
  Result<void> take_name() {
    std::size_t length = run(next_, is_name_part);
    if (next_ + length < text_.size() && text_[next_ + length] == '[') {
      const std::size_t end = text_.find(']', next_ + length);
      if (end == std::string_view::npos) return refuse(next_ + length, "a slice without its closing bracket");
      length = end + 1 - next_;
    }
    take(TokenKind::Name, length);
    return {};
  }

  Result<void> take_text(char quote) {
    const std::size_t end = text_.find(quote, next_ + 1);
    if (end == std::string_view::npos) return refuse(next_, "a text without its closing quote");
    token_.kind = TokenKind::Text;
    token_.text = text_.substr(next_ + 1, end - next_ - 1);
    next_ = end + 1;
    return {};
  }

  Result<void> take_number() {
    std::size_t end = next_ + run(next_, is_digit);
    bool whole = true;
    if (end < text_.size() && text_[end] == '.') {
      whole = false;
      end += 1 + run(end + 1, is_digit);
    }
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      const bool has_sign = end + 1 < text_.size() && (text_[end + 1] == '+' || text_[end + 1] == '-');
      const std::size_t digits = run(end + 1 + has_sign, is_digit);
      if (digits > 0) {
        whole = false;
        end += 1 + has_sign + digits;
      }
    }
    if (end < text_.size() && is_name_part(text_[end])) return take_quantity(run(next_, is_name_part));
    if (const std::size_t length = spaced_unit(end); length > 0) return take_quantity(end - next_ + length);
    return take_plain_number(end - next_, whole);
  }

  /// Length of " GiB" and the like after a number, its space included; 0 if there is none.
  std::size_t spaced_unit(std::size_t from) const {
    const std::size_t space = run(from, is_space);
    const std::size_t length = run(from + space, is_name_part);
    const bool is_unit =
        std::find(kSizeUnits.begin(), kSizeUnits.end(), text_.substr(from + space, length)) != kSizeUnits.end();
    return space > 0 && is_unit ? space + length : 0;
  }

  Result<void> take_quantity(std::size_t length) {
    // Units are told apart by the B of sizes, and durations are in lower case: 5M is neither 5 MB nor 5 minutes.
    const std::string_view quantity = text_.substr(next_, length);
    const bool is_size = quantity.back() == 'B' || quantity.back() == 'b';
    const bool has_capital = std::any_of(quantity.begin(), quantity.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    token_.unit = is_size ? Expression::Unit::Bytes : Expression::Unit::Seconds;
    const auto number = is_size ? parse_bytes(quantity) : parse_duration(quantity);
    if (!number || (!is_size && has_capital))
      return refuse(next_, fmt::format("'{}' is neither a number nor a quantity", quantity),
                    "a number (5e6), a size (20GiB) or a duration (30m)");
    token_.number = *number;
    take(TokenKind::Number, length);
    return {};
  }

  Result<void> take_plain_number(std::size_t length, bool whole) {
    const char* const begin = text_.data() + next_;
    std::int64_t integer = 0;
    double real = 0;
    if (whole && std::from_chars(begin, begin + length, integer).ec == std::errc{}) {
      token_.number = integer;
    } else if (std::from_chars(begin, begin + length, real).ec == std::errc{}) {
      token_.number = real;
    } else {
      return refuse(next_, "the number is too large or too small");
    }
    take(TokenKind::Number, length);
    return {};
  }

  // The grammar.

  bool at(std::string_view word) const {
    return (token_.kind == TokenKind::Name || token_.kind == TokenKind::Symbol) && token_.text == word;
  }

  Result<void> enter() {
    if (++depth_ > kMaxExpressionDepth)
      return refuse(token_.begin, fmt::format("nested deeper than {} levels", kMaxExpressionDepth));
    return {};
  }

  template <class Next>
  Result<Term> parse_words(std::string_view word, Term::Kind kind, Next next) {
    PEGBOX_TRY(Term first, next());
    if (!at(word)) return first;
    Term all;
    all.kind = kind;
    all.operands.push_back(std::move(first));
    while (at(word)) {
      PEGBOX_CHECK(advance());
      PEGBOX_TRY(Term operand, next());
      all.operands.push_back(std::move(operand));
    }
    return all;
  }

  template <std::size_t N, class Next>
  Result<Term> parse_chain(const Table<Operator, N>& table, Term::Kind kind, Next next) {
    PEGBOX_TRY(Term first, next());
    Term chain;
    chain.kind = kind;
    while (token_.kind == TokenKind::Symbol || token_.kind == TokenKind::Name) {
      const auto found = find(table, token_.text);
      if (!found) break;
      PEGBOX_CHECK(advance());
      PEGBOX_TRY(Term operand, next());
      chain.operators.push_back(*found);
      chain.operands.push_back(std::move(operand));
    }
    if (chain.operators.empty()) return first;
    chain.operands.insert(chain.operands.begin(), std::move(first));
    return chain;
  }

  Result<Term> parse_or() {
    PEGBOX_CHECK(enter());
    auto term = parse_words("or", Term::Kind::Or, [this] { return parse_and(); });
    --depth_;
    return term;
  }
  Result<Term> parse_and() {
    return parse_words("and", Term::Kind::And, [this] { return parse_not(); });
  }
  Result<Term> parse_relations() {
    return parse_chain(kRelations, Term::Kind::Relations, [this] { return parse_sum(); });
  }
  Result<Term> parse_sum() {
    return parse_chain(kSums, Term::Kind::Arithmetic, [this] { return parse_product(); });
  }
  Result<Term> parse_product() {
    return parse_chain(kProducts, Term::Kind::Arithmetic, [this] { return parse_sign(); });
  }

  Result<Term> parse_not() {
    if (!at("not")) return parse_relations();
    return parse_prefix(Term::Kind::Not, [this] { return parse_not(); });
  }
  Result<Term> parse_sign() {
    if (!at("-")) return parse_power();
    return parse_prefix(Term::Kind::Negate, [this] { return parse_sign(); });
  }

  template <class Next>
  Result<Term> parse_prefix(Term::Kind kind, Next next) {
    PEGBOX_CHECK(enter());
    PEGBOX_CHECK(advance());
    PEGBOX_TRY(Term operand, next());
    --depth_;
    Term term;
    term.kind = kind;
    term.operands.push_back(std::move(operand));
    return term;
  }

  Result<Term> parse_power() {
    PEGBOX_TRY(Term base, parse_primary());
    if (!at("^")) return base;
    PEGBOX_CHECK(enter());
    PEGBOX_CHECK(advance());
    PEGBOX_TRY(Term exponent, parse_sign());
    --depth_;
    Term term;
    term.kind = Term::Kind::Arithmetic;
    term.operators.push_back(Operator::Power);
    term.operands.push_back(std::move(base));
    term.operands.push_back(std::move(exponent));
    return term;
  }

  Result<Term> parse_primary() {
    Term term;
    if (token_.kind == TokenKind::Number) {
      term.literal = token_.number;
      if (token_.unit != Expression::Unit::None) unit = token_.unit;
    } else if (token_.kind == TokenKind::Text) {
      term.literal = std::string(token_.text);
    } else if (at("true") || at("false")) {
      term.literal = token_.text == "true";
    } else if (at("(")) {
      PEGBOX_CHECK(advance());
      PEGBOX_TRY(term, parse_or());
      if (!at(")")) return unexpected("an operator or `)`");
    } else if (token_.kind == TokenKind::Name && std::find(kWords.begin(), kWords.end(), token_.text) == kWords.end()) {
      return parse_name();
    } else {
      return unexpected("a value: a name, a number, a text, `(` or `-`");
    }
    PEGBOX_CHECK(advance());
    return term;
  }

  Result<Term> parse_name() {
    const Token name = token_;
    PEGBOX_CHECK(advance());
    if (at("(")) return parse_call(name);
    Term term;
    term.kind = Term::Kind::Name;
    term.name = std::string(name.text);
    names.insert(term.name);
    return term;
  }

  Result<Term> parse_call(const Token& name) {
    const auto function = find(kFunctions, name.text);
    if (!function) {
      std::vector<std::string_view> known;
      for (const auto& row : kFunctions) known.push_back(row.first);
      const std::string near = nearest_name(name.text, known);
      return refuse(name.begin, fmt::format("unknown function '{}'", name.text),
                    fmt::format("{}", fmt::join(known, ", ")), near.empty() ? "" : "did you mean " + near + "?");
    }
    Term call;
    call.kind = Term::Kind::Call;
    call.function = *function;
    do {
      PEGBOX_CHECK(advance());
      PEGBOX_TRY(Term argument, parse_or());
      call.operands.push_back(std::move(argument));
    } while (at(","));
    if (!at(")")) return unexpected("`,` or `)`");
    if (*function != Function::Min && *function != Function::Max && call.operands.size() != 1)
      return refuse(name.begin, fmt::format("'{}' takes one value", name.text));
    PEGBOX_CHECK(advance());
    return call;
  }

  std::string_view text_;
  const std::string& where_;
  std::size_t next_ = 0;
  Token token_;
  int depth_ = 0;
};

}  // namespace

Result<Expression> Expression::parse(std::string_view text, const std::string& where) {
  if (text.size() > kMaxExpressionBytes)
    return fail(ErrorKind::InvalidInput, {.where = where,
                                          .what = "the expression is too long",
                                          .got = fmt::format("{} bytes", text.size()),
                                          .expected = fmt::format("at most {}", kMaxExpressionBytes)});
  Parser parser(text, where);
  PEGBOX_TRY(Term root, parser.parse());
  Expression expression;
  expression.text_ = std::string(text);
  expression.names_ = std::move(parser.names);
  expression.unit_ = parser.unit;
  expression.root_ = std::make_shared<const Term>(std::move(root));
  return expression;
}

}  // namespace pegbox
