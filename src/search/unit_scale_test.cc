// UnitScale: exact round trips, exact ends, cells in proportion.
#include "search/unit_scale.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/rng.h"
#include "base/units.h"

namespace pegbox {
namespace {

Parameter real(double low, double high, bool log_scale = false, double step = 0) {
  Parameter parameter;
  parameter.name = "x";
  parameter.low = low;
  parameter.high = high;
  parameter.log_scale = log_scale;
  parameter.step = step;
  return parameter;
}

Parameter integer(double low, double high, bool log_scale = false, double step = 1) {
  Parameter parameter = real(low, high, log_scale, step);
  parameter.kind = ParameterKind::Integer;
  return parameter;
}

/// Ranges of all magnitudes that Parameter::check allows.
std::vector<Parameter> many_ranges() {
  Rng rng({3, stream_id("ranges")});
  std::vector<Parameter> ranges{real(0, 1),
                                real(-1, 1),
                                real(1e-5, 1e-2, true),
                                real(1e-150, 1e150, true),
                                real(-1e150, 1e150),
                                real(0, 1e-149),
                                real(1e-150, 1e-149, true),
                                real(1000, 1000.000001),
                                real(1000, 1000.000001, true),
                                real(3.141592653589793, 2718.281828459045, true),
                                real(-3.141592653589793, 2.718281828459045),
                                real(0, 1, false, 0.1),
                                real(0.05, 0.95, false, 1.0 / 3),
                                real(0.001, 1, true, 0.001),
                                real(0.01, 5, true, 0.1),
                                integer(1, 8),
                                integer(1, 1000000, true),
                                integer(1, 999999999999, true),
                                integer(-5, 5, false, 2),
                                integer(64, 512, true, 64),
                                integer(-4503599627370496, 4503599627370496, false, 1048576),
                                integer(0, 999999999999999)};
  for (int i = 0; i < 200; ++i) {
    const double scale = std::pow(10, -20 + 40 * rng.uniform());
    const double low = (2 * rng.uniform() - 1) * scale, width = std::pow(10, -6 + 12 * rng.uniform()) * scale;
    ranges.push_back(real(low, low + width));
    ranges.push_back(real(std::abs(low) + scale * 1e-9, std::abs(low) + scale * 1e-9 + width, true));
    ranges.push_back(real(low, low + width, false, width / static_cast<double>(1 + rng.below(50))));
    ranges.push_back(integer(1 + static_cast<double>(rng.below(100)), 200 + static_cast<double>(rng.below(100000)),
                             rng.below(2) == 1, 1 + static_cast<double>(rng.below(7))));
  }
  return ranges;
}

TEST(UnitScale, BringsEveryValueBackToTheLastBit) {
  Rng rng({4, stream_id("round trip")});
  for (const Parameter& parameter : many_ranges()) {
    ASSERT_TRUE(parameter.check("test")) << parameter.check("test").error().message;
    const UnitScale scale(parameter);
    for (int i = 0; i < 300; ++i) {
      double u = rng.uniform();
      if (i % 5 == 1) u = std::pow(u, 20);
      if (i % 5 == 2) u = 1 - std::pow(u, 20);
      const double value = scale.value(u);
      ASSERT_GE(value, parameter.low);
      ASSERT_LE(value, parameter.high);
      const double back = scale.unit(value);
      ASSERT_GE(back, 0);
      ASSERT_LE(back, 1);
      ASSERT_EQ(scale.value(back), value) << format_number(parameter.low) << " .. " << format_number(parameter.high)
                                          << " log " << parameter.log_scale << " step " << parameter.step;
      ASSERT_EQ(scale.snap(value), value);
    }
  }
}

TEST(UnitScale, RisesWithTheAxis) {
  for (const Parameter& parameter : many_ranges()) {
    const UnitScale scale(parameter);
    double last = scale.value(0);
    for (int i = 1; i <= 200; ++i) {
      const double value = scale.value(i / 200.0);
      ASSERT_GE(value, last);
      last = value;
    }
  }
}

TEST(UnitScale, ReachesBothEndsExactly) {
  for (const Parameter& parameter : many_ranges()) {
    const UnitScale scale(parameter);
    EXPECT_EQ(scale.value(0), parameter.low);
    EXPECT_EQ(scale.value(scale.unit(parameter.low)), parameter.low);
    if (parameter.step != 0) continue;
    EXPECT_EQ(scale.value(1), parameter.high);
    EXPECT_EQ(scale.unit(parameter.high), 1);
  }
  EXPECT_EQ(UnitScale(integer(1, 8)).value(1), 8);
  EXPECT_EQ(UnitScale(real(0, 1, false, 0.1)).value(1), 1);
  EXPECT_EQ(UnitScale(real(0, 0.7, false, 0.1)).value(1), 0.7);
  EXPECT_EQ(UnitScale(real(0, 1, false, 0.3)).value(1), 0.9);
}

TEST(UnitScale, GivesNumbersThatReadWell) {
  const UnitScale tenths(real(0, 1, false, 0.1));
  std::string text;
  for (int i = 0; i <= 10; ++i) text += format_number(tenths.level(i)) + " ";
  EXPECT_EQ(text, "0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1 ");
  Rng rng({5, stream_id("digits")});
  const UnitScale rate(real(1e-5, 1e-2, true));
  for (int i = 0; i < 1000; ++i) {
    const std::string value = format_number(rate.value(rng.uniform()));
    std::string digits;
    for (const char c : value.substr(0, value.find('e')))
      if (c != '.' && (c != '0' || !digits.empty())) digits += c;
    EXPECT_LE(digits.size(), 12u) << value;
  }
}

TEST(UnitScale, IsLinearInItsScale) {
  EXPECT_DOUBLE_EQ(UnitScale(real(1e-5, 1e-1, true)).value(0.5), 1e-3);
  EXPECT_DOUBLE_EQ(UnitScale(real(1e-5, 1e-1, true)).unit(1e-4), 0.25);
  EXPECT_DOUBLE_EQ(UnitScale(real(-2, 6)).value(0.25), 0);
  EXPECT_DOUBLE_EQ(UnitScale(real(1, 100, true)).unit_spread(10), 0.5);
  EXPECT_DOUBLE_EQ(UnitScale(real(-2, 6)).unit_spread(2), 0.25);
  EXPECT_DOUBLE_EQ(UnitScale(integer(1, 8)).unit_spread(2), 0.25);
}

TEST(UnitScale, GivesLogIntegersCellsInProportionToTheirLogarithms) {
  const UnitScale scale(integer(1, 20, true));
  EXPECT_EQ(scale.levels(), 20);
  std::map<double, double> share;
  constexpr int kPoints = 2000000;
  for (int i = 0; i < kPoints; ++i) share[scale.value((i + 0.5) / kPoints)] += 1.0 / kPoints;
  const double total = std::log(20.5 / 0.5);
  ASSERT_EQ(share.size(), 20u);
  for (const auto& [value, part] : share)
    EXPECT_NEAR(part, std::log((value + 0.5) / (value - 0.5)) / total, 2e-6) << value;
}

TEST(UnitScale, GivesStepsOnALinearScaleEqualCells) {
  const UnitScale scale(real(-1, 1, false, 0.25));
  EXPECT_EQ(scale.levels(), 9);
  std::map<double, int> count;
  for (int i = 0; i < 9000; ++i) ++count[scale.value((i + 0.5) / 9000)];
  ASSERT_EQ(count.size(), 9u);
  for (const auto& [value, points] : count) EXPECT_EQ(points, 1000) << value;
}

TEST(UnitScale, PutsAValueInTheMiddleOfItsCell) {
  for (const Parameter& parameter : {integer(1, 20, true), integer(3, 50), real(0.5, 9, true, 0.5)}) {
    const UnitScale scale(parameter);
    for (std::int64_t i = 0; i < scale.levels(); ++i) {
      const double center = scale.unit(scale.level(i));
      double low = center, high = center;
      while (low > 0 && scale.value(low) == scale.level(i)) low -= 1e-5;
      while (high < 1 && scale.value(high) == scale.level(i)) high += 1e-5;
      EXPECT_NEAR((low + high) / 2, center, 2e-5);
    }
  }
}

TEST(UnitScale, TakesValuesOutsideTheRangeAsItsEnds) {
  for (const Parameter& parameter : {real(1, 10), real(1, 10, true), integer(1, 10), integer(1, 10, true)}) {
    const UnitScale scale(parameter);
    EXPECT_EQ(scale.snap(-5), 1);
    EXPECT_EQ(scale.snap(50), 10);
    EXPECT_EQ(scale.snap(1e300), 10);
    EXPECT_EQ(scale.unit(-5), scale.unit(1));
    EXPECT_EQ(scale.unit(50), scale.unit(10));
  }
}

TEST(UnitScale, GoesOnBeyondItsEndsWhereAsked) {
  EXPECT_DOUBLE_EQ(UnitScale(real(1, 3)).unit_beyond(5), 2);
  EXPECT_DOUBLE_EQ(UnitScale(real(1, 3)).unit_beyond(0), -0.5);
  EXPECT_DOUBLE_EQ(UnitScale(real(1e-4, 1e-2, true)).unit_beyond(1e-1), 1.5);
  const UnitScale levels(integer(1, 4));
  EXPECT_DOUBLE_EQ(levels.unit_beyond(6), levels.unit(4) + 2 * (levels.unit(4) - levels.unit(3)));
  for (const Parameter& parameter : {real(1, 10), real(1, 10, true), integer(1, 10), integer(1, 10, true)})
    for (const double value : {1.0, 4.0, 10.0})
      EXPECT_EQ(UnitScale(parameter).unit_beyond(value), UnitScale(parameter).unit(value));
}

TEST(RoundToDecimal, GivesTheDoubleNearestToTheDecimal) {
  EXPECT_EQ(round_to_decimal(0.30000000000000004, -12), 0.3);
  EXPECT_EQ(round_to_decimal(1234567.891, 3), 1235000);
  EXPECT_EQ(round_to_decimal(-0.0004999, -3), 0);
  EXPECT_EQ(round_to_decimal(1.23456e-200, -203), 1.235e-200);
  EXPECT_EQ(round_to_decimal(9.87654e200, 198), 9.88e200);
  EXPECT_EQ(round_to_decimal(0, -100), 0);
  EXPECT_EQ(round_to_decimal(3e-200, -100), 0);
}

}  // namespace
}  // namespace pegbox
