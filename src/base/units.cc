// Units: parsing by a small table of suffixes, printing with the unit that gives the shortest readable number.
#include "base/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>
#include <system_error>

namespace pegbox {

namespace {

struct Scale {
  std::string_view suffix;  // in lower case
  double factor;
};

constexpr double kKiB = 1024, kMiB = kKiB * 1024, kGiB = kMiB * 1024, kTiB = kGiB * 1024, kPiB = kTiB * 1024;
constexpr std::array<Scale, 22> kByteScales{
    {{"", 1},      {"b", 1},      {"k", 1e3},  {"kb", 1e3},  {"ki", kKiB}, {"kib", kKiB}, {"m", 1e6},  {"mb", 1e6},
     {"mi", kMiB}, {"mib", kMiB}, {"g", 1e9},  {"gb", 1e9},  {"gi", kGiB}, {"gib", kGiB}, {"t", 1e12}, {"tb", 1e12},
     {"ti", kTiB}, {"tib", kTiB}, {"p", 1e15}, {"pb", 1e15}, {"pi", kPiB}, {"pib", kPiB}}};
constexpr std::array<Scale, 10> kTimeScales{{{"us", 1e-6},
                                             {"ms", 1e-3},
                                             {"s", 1},
                                             {"sec", 1},
                                             {"m", 60},
                                             {"min", 60},
                                             {"h", 3600},
                                             {"d", 86400},
                                             {"w", 604800},
                                             {"", 1}}};

constexpr std::string_view kBytesExpected = "a size such as 20GiB, 512 MB or 1e9";
constexpr std::string_view kDurationExpected = "a duration such as 20m, 1h30m, 90s, 250ms or 2d";

bool is_space_or_tab(char c) { return c == ' ' || c == '\t'; }

void skip_space(std::string_view& text) {
  while (!text.empty() && is_space_or_tab(text.front())) text.remove_prefix(1);
}

// A number without sign at the front of `text`, which is then removed.
std::optional<double> take_number(std::string_view& text) {
  if (text.empty() || !((text.front() >= '0' && text.front() <= '9') || text.front() == '.')) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// The letters at the front of `text` in lower case; they are then removed.
std::string take_word(std::string_view& text) {
  std::string word;
  for (; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    if (c >= 'A' && c <= 'Z')
      word += static_cast<char>(c - 'A' + 'a');
    else if (c >= 'a' && c <= 'z')
      word += c;
    else
      break;
  }
  return word;
}

std::optional<double> factor_of(std::span<const Scale> scales, std::string_view suffix) {
  for (const Scale& scale : scales)
    if (scale.suffix == suffix) return scale.factor;
  return std::nullopt;
}

tl::unexpected<Error> refuse(std::string_view text, std::string what, std::string_view expected) {
  return fail(ErrorKind::InvalidInput,
              {.what = std::move(what), .got = fmt::format("\"{}\"", text), .expected = std::string(expected)});
}

// One decimal, without ".0".
std::string one_decimal(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

double rounded_to_tenth(double value) { return std::round(value * 10) / 10; }

// The largest unit in which the printed number is below `base`.
std::string scaled(double value, double base, std::span<const std::string_view> units) {
  if (!std::isfinite(value)) return format_number(value);
  if (value < 0) return "-" + scaled(-value, base, units);
  std::size_t unit = 0;
  while (unit + 1 < units.size() && rounded_to_tenth(value) >= base) {
    value /= base;
    ++unit;
  }
  if (units[unit].empty()) return one_decimal(value);
  return fmt::format("{} {}", one_decimal(value), units[unit]);
}

std::string two_units(std::int64_t big, std::string_view big_unit, std::int64_t small, std::string_view small_unit) {
  if (small == 0) return fmt::format("{} {}", big, big_unit);
  return fmt::format("{} {} {} {}", big, big_unit, small, small_unit);
}

// "1e+05" -> "1e5", "1e-05" -> "1e-5"
std::string short_exponent(std::string_view text) {
  const std::size_t e = text.find('e');
  if (e == std::string_view::npos) return std::string(text);
  std::string short_text(text.substr(0, e + 1));
  std::string_view exponent = text.substr(e + 1);
  if (exponent.front() == '-') short_text += '-';
  exponent.remove_prefix(1);
  while (exponent.size() > 1 && exponent.front() == '0') exponent.remove_prefix(1);
  return short_text + std::string(exponent);
}

}  // namespace

Result<double> parse_bytes(std::string_view text) {
  std::string_view rest = text;
  skip_space(rest);
  const auto number = take_number(rest);
  if (!number) return refuse(text, "not a size", kBytesExpected);
  skip_space(rest);
  const std::string suffix = take_word(rest);
  skip_space(rest);
  const auto factor = factor_of(kByteScales, suffix);
  if (!factor || !rest.empty()) return refuse(text, "not a unit of size", kBytesExpected);
  return *number * *factor;
}

Result<double> parse_duration(std::string_view text) {
  std::string_view rest = text;
  skip_space(rest);
  double total_s = 0;
  double previous_factor = 0;  // 0: none yet
  do {
    const auto number = take_number(rest);
    if (!number) return refuse(text, "not a duration", kDurationExpected);
    skip_space(rest);
    const std::string suffix = take_word(rest);
    skip_space(rest);
    const auto factor = factor_of(kTimeScales, suffix);
    if (!factor) return refuse(text, "not a unit of time", kDurationExpected);
    if (suffix.empty() && (previous_factor > 0 || !rest.empty()))
      return refuse(text, "a number without its unit", kDurationExpected);
    if (previous_factor > 0 && *factor >= previous_factor)
      return refuse(text, "units of time that do not descend", kDurationExpected);
    previous_factor = *factor;
    total_s += *number * *factor;
  } while (!rest.empty());
  return total_s;
}

std::string format_bytes(double bytes) {
  static constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  return scaled(bytes, 1024, kUnits);
}

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds)) return format_number(seconds);
  if (seconds < 0) return "-" + format_duration(-seconds);
  if (seconds == 0) return "0 s";
  if (seconds < 0.0009995) return fmt::format("{:.0f} us", seconds * 1e6);
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 9.95) return one_decimal(seconds) + " s";
  if (seconds >= 1e15) return format_number(seconds / 86400) + " d";
  const auto whole_s = static_cast<std::int64_t>(std::llround(seconds));
  if (whole_s < 60) return fmt::format("{} s", whole_s);
  if (whole_s < 3600) return two_units(whole_s / 60, "m", whole_s % 60, "s");
  const std::int64_t minutes = std::llround(seconds / 60);
  if (minutes < 24 * 60) return two_units(minutes / 60, "h", minutes % 60, "m");
  const std::int64_t hours = std::llround(seconds / 3600);
  return two_units(hours / 24, "d", hours % 24, "h");
}

std::string format_count(double count) {
  static constexpr std::string_view kUnits[] = {"", "k", "M", "G", "T", "P"};
  return scaled(count, 1000, kUnits);
}

std::string format_number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[400];  // the longest fixed form has 1 + 309 digits, or 1 + 2 + 323 + 17
  const auto text_of = [&](std::chars_format format) {
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, format);
    return std::string(buffer, end);
  };
  const std::string scientific = short_exponent(text_of(std::chars_format::scientific));
  const std::string fixed = text_of(std::chars_format::fixed);
  const bool small_integer = std::abs(value) < 1e7 && value == std::trunc(value);
  return small_integer || fixed.size() <= scientific.size() ? fixed : scientific;
}

}  // namespace pegbox
