// Reads the patterns of section 10.3.2 (core schema) of the YAML 1.2.2 specification.
#include "app/yaml_scalar.h"

#include <charconv>
#include <limits>

#include "base/number.h"

namespace pegbox {

namespace {

bool is_one_of(const std::string& text, std::initializer_list<const char*> words) {
  for (const char* word : words)
    if (text == word) return true;
  return false;
}

std::size_t skip_digits(const std::string& text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_decimal(const std::string& text, bool& is_whole) {
  std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const std::size_t whole_start = at;
  at = skip_digits(text, at);
  std::size_t digits = at - whole_start;
  is_whole = true;
  if (at < text.size() && text[at] == '.') {
    is_whole = false;
    const std::size_t start = ++at;
    at = skip_digits(text, at);
    digits += at - start;
  }
  if (digits == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    is_whole = false;
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const std::size_t start = at;
    at = skip_digits(text, at);
    if (at == start) return false;
  }
  return at == text.size();
}

bool read_prefixed(const std::string& text, int base, std::int64_t& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + 2, end, value, base);
  return error == std::errc() && stop == end && text.size() > 2 && text[2] != '-';
}

Json read_decimal(const std::string& text, bool is_whole) {
  const char* begin = text.data() + (text[0] == '+' ? 1 : 0);
  const char* end = text.data() + text.size();
  if (is_whole) {
    std::int64_t whole = 0;
    if (std::from_chars(begin, end, whole).ec == std::errc()) return whole;
  }
  double real = 0;
  if (std::from_chars(begin, end, real).ec == std::errc::result_out_of_range)
    real = text.find("e-") != std::string::npos || text.find("E-") != std::string::npos
               ? 0.0
               : (text[0] == '-' ? -1 : 1) * std::numeric_limits<double>::infinity();
  return json_number(real);
}

}  // namespace

Json plain_yaml_scalar(const std::string& text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (is_one_of(text, {"true", "True", "TRUE"})) return true;
  if (is_one_of(text, {"false", "False", "FALSE"})) return false;
  if (is_one_of(text, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})) return "inf";
  if (is_one_of(text, {"-.inf", "-.Inf", "-.INF"})) return "-inf";
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return "nan";
  std::int64_t prefixed = 0;
  if (text.starts_with("0x") && read_prefixed(text, 16, prefixed)) return prefixed;
  if (text.starts_with("0o") && read_prefixed(text, 8, prefixed)) return prefixed;
  bool is_whole = false;
  if (is_decimal(text, is_whole)) return read_decimal(text, is_whole);
  return text;
}

}  // namespace pegbox
