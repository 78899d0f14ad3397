// CMA against the programs of its authors: the same update to the last digits, and as few evaluations.
#include "math/cma.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/rng.h"
#include "math/statistics.h"

namespace pegbox::math {
namespace {

void expect_close(std::span<const double> got, const std::vector<double>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-10) << i;
}

std::span<const double> values_of(const Eigen::MatrixXd& matrix) {
  return {matrix.data(), static_cast<std::size_t>(matrix.size())};
}

// tests/peers/make_cma_reference.py: the package cmaes 0.13.1 (class CMA) after the same samples; d 3, lambda 8.
TEST(Cma, UpdatesMeanStepSizeAndCovarianceAsTheReferenceDoes) {
  const double scale = std::sqrt((1 + 0.25 + 2) / 3);  // sigma * sqrt(diag) is all that counts
  Cma cma({.mean = {0.5, 0.4, 0.6}, .spreads = {0.3, 0.15, 0.3 * std::sqrt(2.0)}, .population = 8, .thresholds = {}});
  for (int g = 0; g < 6; ++g) {
    std::vector<double> ranked;
    for (int k = 0; k < 8; ++k)
      for (int j = 0; j < 3; ++j)
        ranked.push_back(0.5 + 0.4 * std::sin(1.0 + 37 * g + 5 * k + j * j) * std::pow(0.8, g));
    cma.update(ranked);
  }
  expect_close(cma.mean(), {0.49771848848101274, 0.43673280760943484, 0.5572838955430639});
  EXPECT_NEAR(cma.sigma() / scale, 0.18215636190567203, 1e-10);
  const Eigen::MatrixXd covariance = cma.covariance() * scale * scale;
  expect_close(values_of(covariance),
               {0.5123146462128648, -0.01798689557967087, 0.1076518951235178, -0.01798689557967087, 0.14305195846058907,
                0.11433473581599404, 0.1076518951235178, 0.11433473581599404, 2.0338672571682523});
}

// The same script: class CMAwM; d 3, lambda 6, the first axis continuous, five and four values on the others.
TEST(Cma, CorrectsMarginsAsTheReferenceDoes) {
  Cma cma({.mean = {0.5, 0.3, 0.6},
           .spreads = {0.2, 0.2, 0.2},
           .population = 6,
           .thresholds = {{}, {0.2, 0.4, 0.6, 0.8}, {0.25, 0.5, 0.75}}});
  for (int g = 0; g < 8; ++g) {
    std::vector<double> ranked;
    for (int k = 0; k < 6; ++k)
      for (int j = 0; j < 3; ++j)
        ranked.push_back(0.5 + 0.4 * std::sin(2.0 + 31 * g + 7 * k + 3 * j) * std::pow(0.6, g) + (j == 1 ? 0.25 : 0));
    cma.update(ranked);
  }
  expect_close(cma.mean(), {0.49418313780507117, 0.7569238322375778, 0.487571970472111});
  EXPECT_NEAR(cma.sigma(), 0.13079042265221638, 1e-10);
  const double root = std::sqrt(0.6059966703219773);
  EXPECT_NEAR(cma.spread(2), 0.13079042265221638 * 1.218785968245151 * root, 1e-10);
  EXPECT_NEAR(cma.covariance()(0, 1), 0.3417208613931625, 1e-10);
}

TEST(Cma, SamplesFromItsDistribution) {
  Cma cma({.mean = {0.2, -1}, .spreads = {0.5, 2}, .population = 6, .thresholds = {}});
  Rng rng({4, 0, 0});
  std::vector<double> first, second;
  for (int i = 0; i < 4000; ++i) {
    const auto x = cma.sample(std::vector<double>{rng.normal(), rng.normal()});
    first.push_back(x[0]);
    second.push_back(x[1]);
  }
  EXPECT_NEAR(mean(first), 0.2, 0.03);
  EXPECT_NEAR(standard_deviation(first), 0.5, 0.03);
  EXPECT_NEAR(standard_deviation(second), 2, 0.1);
  EXPECT_NEAR(cma.largest_spread(), 2, 1e-12);
  EXPECT_NEAR(cma.condition(), 16, 1e-9);
}

using Function = std::function<double(std::span<const double>)>;

/// Evaluations until f <= 1e-8 in five dimensions; the median of 21 seeds.
double evaluations(const Function& f, double start) {
  std::vector<double> counts;
  for (std::uint64_t seed = 0; seed < 21; ++seed) {
    Rng rng({seed, 0, 0});
    const int lambda = cma_population(5);
    Cma cma({.mean = std::vector<double>(5, start),
             .spreads = std::vector<double>(5, 0.5),
             .population = lambda,
             .thresholds = {}});
    double best = HUGE_VAL, count = 0;
    while (best > 1e-8 && count < 20000) {
      std::vector<std::pair<double, std::vector<double>>> tried;
      for (int k = 0; k < lambda; ++k) {
        std::vector<double> z(5);
        for (double& each : z) each = rng.normal();
        auto x = cma.sample(z);
        const double value = f(x);
        ++count;
        best = std::min(best, value);
        tried.emplace_back(value, std::move(x));
      }
      std::ranges::sort(tried);
      std::vector<double> ranked;
      for (const auto& [value, x] : tried) ranked.insert(ranked.end(), x.begin(), x.end());
      cma.update(ranked);
    }
    counts.push_back(count);
  }
  return median(counts);
}

// Of pycma 4.5.0 with its defaults, the median of 21 seeds: tests/peers/make_cma_reference.py.
constexpr double kSphere = 624, kEllipsoid = 1392, kRosenbrock = 1624;

TEST(Cma, NeedsAsFewEvaluationsAsPycma) {
  const auto sphere = [](std::span<const double> x) { return std::inner_product(x.begin(), x.end(), x.begin(), 0.0); };
  const auto ellipsoid = [](std::span<const double> x) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += std::pow(1e6, static_cast<double>(i) / 4) * x[i] * x[i];
    return sum;
  };
  const auto rosenbrock = [](std::span<const double> x) {
    double sum = 0;
    for (std::size_t i = 0; i + 1 < x.size(); ++i)
      sum += 100 * std::pow(x[i] * x[i] - x[i + 1], 2) + std::pow(1 - x[i], 2);
    return sum;
  };
  EXPECT_LT(evaluations(sphere, 1), 1.15 * kSphere);
  EXPECT_LT(evaluations(ellipsoid, 0.1), 1.15 * kEllipsoid);
  EXPECT_LT(evaluations(rosenbrock, 0.1), 1.15 * kRosenbrock);
}

TEST(Cma, KeepsTheChancesOfNeighbouringValuesAboveTheMargin) {
  const std::vector<double> thresholds{0.25, 0.5, 0.75};
  Cma cma({.mean = {0.5, 0.1}, .spreads = {0.2, 0.2}, .population = 6, .thresholds = {{}, thresholds}});
  for (int g = 0; g < 200; ++g) cma.update(std::vector<double>(12, 0.3 * (g % 2)));  // all samples are one point
  const double margin = 1.0 / 12, mean = cma.mean()[1];
  const auto chance_above = [&](double threshold) {
    return 0.5 * std::erfc((threshold - mean) / cma.spread(1) / std::sqrt(2.0));
  };
  const double nearest = *std::ranges::min_element(thresholds, {}, [&](double t) { return std::abs(t - mean); });
  const double other_side = std::min(chance_above(nearest), 1 - chance_above(nearest));
  EXPECT_GT(other_side, 0.49 * margin);
}

TEST(Cma, LeavesTheMeanWhereNoSampleTriedTheAxis) {
  Cma cma({.mean = {0.5, 0.5}, .spreads = {0.2, 0.2}, .population = 6, .thresholds = {}});
  std::vector<double> ranked;
  std::vector<std::uint8_t> active;
  for (int k = 0; k < 6; ++k) {
    ranked.insert(ranked.end(), {0.6, 0.7});
    active.insert(active.end(), {1, 0});
  }
  cma.update(ranked, active);
  EXPECT_NEAR(cma.mean()[0], 0.6, 1e-12);
  EXPECT_EQ(cma.mean()[1], 0.5);
}

}  // namespace
}  // namespace pegbox::math
