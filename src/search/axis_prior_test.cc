// AxisPrior: quantiles and densities against the distribution function, computed another way.
#include "search/axis_prior.h"

#include <gtest/gtest.h>

#include <cmath>

namespace pegbox {
namespace {

double normal_cdf(double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; }

/// Inverse distribution function of the normal (center, spread) cut to [0, 1], by bisection.
double cut_normal_quantile(double center, double spread, double probability) {
  const double below = normal_cdf(-center / spread), mass = normal_cdf((1 - center) / spread) - below;
  double low = 0, high = 1;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    ((normal_cdf((middle - center) / spread) - below) / mass < probability ? low : high) = middle;
  }
  return low;
}

Parameter rate(double at, double spread) {
  Parameter parameter;
  parameter.name = "rate";
  parameter.low = 1e-5;
  parameter.high = 1e-1;
  parameter.log_scale = true;
  parameter.prior = Prior{at, spread, ""};
  return parameter;
}

AxisPrior prior_of(const Parameter& parameter) {
  const bool numeric = parameter.kind == ParameterKind::Real || parameter.kind == ParameterKind::Integer;
  return AxisPrior(parameter, numeric ? UnitScale(parameter) : UnitScale());
}

Parameter ranks(std::vector<Value> choices, ParameterKind kind) {
  Parameter parameter;
  parameter.name = "rank";
  parameter.kind = kind;
  parameter.choices = std::move(choices);
  return parameter;
}

TEST(AxisPrior, HasTheQuantilesOfTheCutNormal) {
  // spread: a factor on the log scale, over four decades.
  for (const double at : {1e-5, 2e-5, 3e-4, 9e-2, 1e-1})
    for (const double factor : {1.5, 2.0, 10.0, 1000.0}) {
      const AxisPrior prior = prior_of(rate(at, factor));
      const double center = std::log10(at / 1e-5) / 4, spread = std::log10(factor) / 4;
      for (int i = 1; i < 100; ++i)
        ASSERT_NEAR(prior.quantile(i / 100.0), cut_normal_quantile(center, spread, i / 100.0), 1e-9)
            << at << " " << factor << " " << i;
      EXPECT_NEAR(prior.quantile(0), 0, 1e-12);
      EXPECT_NEAR(prior.quantile(1), 1, 1e-12);
      EXPECT_FALSE(prior.is_uniform());
    }
}

TEST(AxisPrior, CountsOrderedChoicesInSteps) {
  Parameter parameter =
      ranks({std::int64_t{4}, std::int64_t{8}, std::int64_t{16}, std::int64_t{32}}, ParameterKind::Ordered);
  parameter.prior = Prior{std::int64_t{8}, 1, ""};
  const AxisPrior prior = prior_of(parameter);
  for (int i = 1; i < 20; ++i)
    EXPECT_NEAR(prior.quantile(i / 20.0), cut_normal_quantile(1.5 / 4, 1.0 / 4, i / 20.0), 1e-9);
}

TEST(AxisPrior, GivesEachChoiceItsWeight) {
  Parameter parameter = ranks({std::string("a"), std::string("b"), std::string("c")}, ParameterKind::Categorical);
  parameter.weights = {1, 2, 5};
  const AxisPrior prior = prior_of(parameter);
  int count[3] = {};
  for (int i = 0; i < 80000; ++i) {
    const double at = prior.quantile((i + 0.5) / 80000);
    ASSERT_TRUE(at >= 0 && at <= 1);
    ++count[std::min(2, static_cast<int>(at * 3))];
  }
  EXPECT_EQ(count[0], 10000);
  EXPECT_EQ(count[1], 20000);
  EXPECT_EQ(count[2], 50000);
  EXPECT_NEAR(prior.log_density(0.1), std::log(3.0 / 8), 1e-12);
  EXPECT_NEAR(prior.log_density(0.9), std::log(15.0 / 8), 1e-12);
  EXPECT_EQ(prior.quantile(1), 1);
}

TEST(AxisPrior, HasADensityWithIntegralOneThatIsTheQuantilesSlope) {
  Parameter weighted = ranks({true, false}, ParameterKind::Categorical);
  weighted.weights = {0.9, 0.1};
  for (const AxisPrior& prior : {prior_of(rate(3e-4, 2)), prior_of(rate(1e-1, 30)), prior_of(weighted), AxisPrior()}) {
    double integral = 0;
    constexpr int kPoints = 100000;
    for (int i = 0; i < kPoints; ++i) integral += std::exp(prior.log_density((i + 0.5) / kPoints)) / kPoints;
    EXPECT_NEAR(integral, 1, 1e-6);
    for (int i = 1; i < 20; ++i) {
      const double p = i / 20.0 + 0.003, h = 1e-6;
      const double slope = (prior.quantile(p + h) - prior.quantile(p - h)) / (2 * h);
      EXPECT_NEAR(slope * std::exp(prior.log_density(prior.quantile(p))), 1, 1e-4) << p;
    }
  }
}

TEST(AxisPrior, IsUniformWithoutABeliefAndForOneFarWiderThanTheRange) {
  EXPECT_TRUE(AxisPrior().is_uniform());
  EXPECT_EQ(AxisPrior().quantile(0.3), 0.3);
  EXPECT_EQ(AxisPrior().log_density(0.3), 0);
  Parameter wide;
  wide.name = "x";
  wide.prior = Prior{0.5, 1e9, ""};
  EXPECT_EQ(prior_of(wide).quantile(0.3), 0.3);
}

}  // namespace
}  // namespace pegbox
