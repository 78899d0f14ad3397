// Kernel densities against values computed with SciPy 1.17 (truncnorm), and by hand for categories.
#include "math/kernel_density.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace pegbox::math {
namespace {

using Vector = std::vector<double>;

constexpr std::int64_t kNumber[] = {0};

TEST(KernelDensity, IsTheMeanOfCutNormals) {
  const auto density = KernelDensity::create(Vector{0.1, 0.35, 0.4, 0.9}, kNumber);
  ASSERT_TRUE(density);
  EXPECT_NEAR(density->bandwidths()[0], 0.2691953978279235, 1e-14);
  EXPECT_NEAR(density->log_density(Vector{0.0}), -0.16230195121654167, 1e-12);
  EXPECT_NEAR(density->log_density(Vector{0.3}), 0.23699104633530177, 1e-12);
  EXPECT_NEAR(density->log_density(Vector{0.77}), -0.20214771622954125, 1e-12);
  EXPECT_NEAR(density->log_density(Vector{1.0}), -0.5195274102231884, 1e-12);
}

TEST(KernelDensity, GivesCategoriesProbabilitiesThatSumToOne) {
  const std::int64_t categories[] = {4};
  const auto density = KernelDensity::create(Vector{0.125, 0.125, 0.875}, categories);
  ASSERT_TRUE(density);
  const double h = 0.75 * std::pow(3.0, -0.4);
  EXPECT_DOUBLE_EQ(density->bandwidths()[0], h);
  EXPECT_NEAR(std::exp(density->log_density(Vector{0.125})), (2 * (1 - h) + h / 3) / 3, 1e-15);
  double sum = 0;
  for (const double at : {0.125, 0.375, 0.625, 0.875}) sum += std::exp(density->log_density(Vector{at}));
  EXPECT_NEAR(sum, 1, 1e-14);
}

TEST(KernelDensity, MultipliesTheAxesOfEachPoint) {
  const std::int64_t both[] = {0, 2}, one[] = {0};
  const auto joint = KernelDensity::create(Vector{0.4, 0.25}, both);
  const auto alone = KernelDensity::create(Vector{0.4}, one);
  ASSERT_TRUE(joint && alone);
  const double h = joint->bandwidths()[1];
  EXPECT_NEAR(joint->log_density(Vector{0.4001, 0.75}), alone->log_density(Vector{0.4001}) + std::log(h), 1e-12);
}

TEST(KernelDensity, DrawsFromItselfWhereNothingIsWidened) {
  const std::int64_t axes[] = {0, 3};
  const auto density = KernelDensity::create(Vector{0.05, 0.5 / 3, 0.2, 0.5 / 3, 0.8, 2.5 / 3}, axes);
  ASSERT_TRUE(density);
  Rng rng({1, 0, 0});
  constexpr int kDraws = 40000, kBins = 10;
  std::vector<double> counts(kBins * 3, 0);
  for (int i = 0; i < kDraws; ++i) {
    const auto drawn = density->sample(1, rng);
    ++counts[static_cast<std::size_t>(std::min(9.0, drawn[0] * kBins)) * 3 + static_cast<std::size_t>(drawn[1] * 3)];
  }
  for (int bin = 0; bin < kBins; ++bin)
    for (int category = 0; category < 3; ++category) {
      double mass = 0;  // by the midpoint rule
      for (int k = 0; k < 20; ++k)
        mass +=
            std::exp(density->log_density(Vector{(bin + (k + 0.5) / 20) / kBins, (category + 0.5) / 3})) / 20 / kBins;
      EXPECT_NEAR(counts[static_cast<std::size_t>(bin * 3 + category)] / kDraws, mass, 0.01);
    }
}

TEST(KernelDensity, BearsEqualPointsAndRefusesNone) {
  const auto flat = KernelDensity::create(Vector{0.3, 0.3, 0.3}, kNumber);
  ASSERT_TRUE(flat);
  EXPECT_DOUBLE_EQ(flat->bandwidths()[0], 1e-3);
  EXPECT_TRUE(std::isfinite(flat->log_density(Vector{0.31})));
  EXPECT_FALSE(KernelDensity::create({}, kNumber));
  EXPECT_FALSE(KernelDensity::create(Vector{0.1, 0.2, 0.3}, std::vector<std::int64_t>{0, 0}));
}

}  // namespace
}  // namespace pegbox::math
