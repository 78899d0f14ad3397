// UnitScale: values to the unit axis and back, exactly.
#include "search/unit_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace pegbox {
namespace {

constexpr int kDigits = 12;          // of a range's width or, on a log scale, of a value
constexpr int kDoubleDigits = 15;    // every decimal number of so many digits survives as a double
constexpr double kStepSlack = 1e-9;  // in steps: what rounding may add to (high - low) / step

constexpr std::array<double, 23> kPowersOfTen{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

int decimal_exponent(double value) { return static_cast<int>(std::floor(std::log10(std::abs(value)))); }

/// The exponent to round to, for values of this magnitude in a range of this width.
int rounding_exponent(double magnitude, double width) {
  const int leading = decimal_exponent(magnitude);
  return std::max(leading - (kDoubleDigits - 1), std::min(leading, decimal_exponent(width)) - (kDigits - 1));
}

double round_by_text(double value, int exponent) {
  if (value == 0) return 0;
  const int digits = decimal_exponent(value) - exponent;
  if (digits < 0) return 0;
  const std::string text = fmt::format("{:.{}e}", value, digits);
  double rounded = 0;
  std::from_chars(text.data(), text.data() + text.size(), rounded);
  return rounded;
}

}  // namespace

std::int64_t count_levels(double low, double high, double step) {
  return static_cast<std::int64_t>(std::floor((high - low) / step + kStepSlack)) + 1;
}

double round_to_decimal(double value, int exponent) {
  // Integer and power of ten are exact here, so the quotient or product is the double nearest to the decimal number.
  constexpr double kExact = 9007199254740992.0;  // 2^53
  const int size = std::abs(exponent);
  if (size < static_cast<int>(kPowersOfTen.size())) {
    const double power = kPowersOfTen[static_cast<std::size_t>(size)];
    const double count = std::round(exponent < 0 ? value * power : value / power);
    if (std::abs(count) < kExact) return exponent < 0 ? count / power : count * power;
  }
  return round_by_text(value, exponent);
}

double round_to_digits(double value, int digits) {
  if (value == 0) return 0;
  return round_to_decimal(value, static_cast<int>(std::floor(std::log10(std::abs(value)))) + 1 - digits);
}

UnitScale::UnitScale(const Parameter& parameter)
    : low_(parameter.low), high_(parameter.high), step_(parameter.step), log_(parameter.log_scale) {
  if (parameter.kind == ParameterKind::Integer && step_ == 0) step_ = 1;
  if (step_ == 0) {
    edge_ = low_;
    length_ = log_ ? std::log(high_ / low_) : high_ - low_;
    return;
  }
  levels_ = count_levels(low_, high_, step_);
  if (log_) {
    edge_ = low_ - std::min(step_, low_) / 2;
    length_ = std::log((level(levels_ - 1) + step_ / 2) / edge_);
  } else {
    edge_ = low_ - step_ / 2;
    length_ = static_cast<double>(levels_) * step_;
  }
}

double UnitScale::round(double value) const {
  if (value <= low_) return low_;
  if (value >= high_) return high_;
  const double magnitude = log_ ? value : std::max(std::abs(low_), std::abs(high_));
  const int exponent = rounding_exponent(magnitude, high_ - low_);
  const double rounded = round_to_decimal(value, exponent);
  // Ends need not be on the grid: what is nearer to them than half a grid step could not be told from them.
  const double nearest = std::pow(10.0, exponent) / 2;
  if (rounded - low_ < nearest) return low_;
  return high_ - rounded < nearest ? high_ : rounded;
}

double UnitScale::level(std::int64_t index) const {
  if (index <= 0) return low_;
  const double value = low_ + static_cast<double>(index) * step_;
  if (std::abs(value - high_) <= kStepSlack * step_) return high_;
  if (std::trunc(low_) == low_ && std::trunc(step_) == step_) return value;  // exact
  const double magnitude = std::max(std::abs(low_), std::abs(high_));
  return std::min(high_, round_to_decimal(value, rounding_exponent(magnitude, step_)));
}

std::int64_t UnitScale::index_of(double value) const {
  if (!(value > low_)) return 0;
  const double index = std::round((value - low_) / step_);
  return index >= static_cast<double>(levels_) ? levels_ - 1 : static_cast<std::int64_t>(index);
}

double UnitScale::snap(double value) const { return levels_ > 0 ? level(index_of(value)) : round(value); }

double UnitScale::value(double unit) const {
  unit = std::clamp(unit, 0.0, 1.0);
  if (levels_ > 0 && !log_) {
    const auto index = static_cast<std::int64_t>(unit * static_cast<double>(levels_));
    return level(std::min(index, levels_ - 1));
  }
  if (levels_ > 0) return level(index_of(edge_ * std::exp(unit * length_)));
  if (unit == 0) return low_;
  if (unit == 1) return high_;
  return round(log_ ? low_ * std::exp(unit * length_) : low_ + unit * length_);
}

double UnitScale::unit(double value) const {
  if (levels_ > 0 && !log_) return (static_cast<double>(index_of(value)) + 0.5) / static_cast<double>(levels_);
  if (levels_ > 0) {
    const std::int64_t index = index_of(value);
    const double at = level(index);
    const double below = index == 0 ? edge_ : at - step_ / 2;
    return std::log(below / edge_ * ((at + step_ / 2) / edge_)) / 2 / length_;
  }
  if (!(value > low_)) return 0;
  if (value >= high_) return 1;
  return (log_ ? std::log(value / low_) : value - low_) / length_;
}

double UnitScale::unit_beyond(double value) const {
  const double end = std::clamp(value, low_, levels_ > 0 ? level(levels_ - 1) : high_);
  return unit(end) + (log_ ? std::log(value / end) : value - end) / length_;
}

double UnitScale::unit_spread(double spread) const { return (log_ ? std::log(spread) : spread) / length_; }

}  // namespace pegbox
