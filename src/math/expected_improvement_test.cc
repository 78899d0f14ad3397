// Log expected improvement and feasibility: against the plain formulas, by simulation, gradients by differences.
#include "math/expected_improvement.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "math/mixed_points_for_test.h"
#include "math/normal.h"

namespace pegbox::math {
namespace {

using Vector = std::vector<double>;

// scipy: s * (z * norm.cdf(z) + norm.pdf(z)), z = (best - mean) / s
TEST(ExpectedImprovement, IsTheLogarithmOfTheClassicalFormula) {
  for (double mean : {-1.0, 0.0, 0.5, 3.0})
    for (double deviation : {0.1, 1.0, 4.0}) {
      const double z = (0.5 - mean) / deviation;
      if (z < -20) continue;
      const double improvement = deviation * (z * normal_cdf(z) + normal_pdf(z));
      EXPECT_NEAR(log_expected_improvement(Prediction{mean, deviation * deviation}, 0.5), std::log(improvement), 1e-9);
    }
}

TEST(ExpectedImprovement, EqualsASimulatedMean) {
  Rng rng({.seed = 1});
  double sum = 0;
  for (int i = 0; i < 200000; ++i) sum += std::max(0.0, 1 - (1.5 + 0.8 * rng.normal()));
  EXPECT_NEAR(std::exp(log_expected_improvement(Prediction{1.5, 0.64}, 1)), sum / 200000,
              0.003);  // standard error 0.0007
}

TEST(ExpectedImprovement, StaysFiniteAndOrderedWhereThePlainValueIsZero) {
  const double far = log_expected_improvement(Prediction{100, 1}, 0),
               farther = log_expected_improvement(Prediction{101, 1}, 0);
  EXPECT_TRUE(std::isfinite(far));
  EXPECT_LT(farther, far);
  EXPECT_NEAR(far - farther, 100.5, 0.1);  // about z
}

TEST(ExpectedImprovement, WithoutVarianceIsTheCertainImprovement) {
  EXPECT_DOUBLE_EQ(log_expected_improvement(Prediction{1, 0}, 3), std::log(2));
  EXPECT_EQ(log_expected_improvement(Prediction{3, 0}, 3), -INFINITY);
  EXPECT_EQ(log_probability_below(Prediction{3, 0}, 3), 0);
  EXPECT_EQ(log_probability_below(Prediction{4, 0}, 3), -INFINITY);
}

TEST(ExpectedImprovement, ProbabilityBelowIsTheNormalCdf) {
  EXPECT_NEAR(log_probability_below(Prediction{1, 4}, 2), std::log(normal_cdf(0.5)), 1e-14);
  EXPECT_TRUE(std::isfinite(log_probability_below(Prediction{1000, 1}, 0)));
}

class Gradients : public ::testing::Test {
 protected:
  Gradients() {
    Vector points = random_points(kMixedSpace, 25, rng), first, second;
    for (int i = 0; i < 25; ++i) {
      first.push_back(std::sin(4 * points[i * 6]) + points[i * 6 + 4]);
      second.push_back(points[i * 6] - points[i * 6 + 4] * points[i * 6 + 4]);
    }
    for (const auto& targets : {first, second})
      processes.push_back(
          *GaussianProcess::with(kMixedSpace, points, targets, random_hyperparameters(kMixedSpace, rng)));
  }

  void expect_gradient(const std::function<Acquisition(const Vector&)>& function) {
    for (int repeat = 0; repeat < 15; ++repeat) {
      Vector x = random_point(kMixedSpace, rng);
      const Acquisition found = function(x);
      for (std::size_t j = 0; j < x.size(); ++j) {
        if (kMixedSpace[j].kind == DimensionKind::Categorical || std::isnan(x[j])) {
          EXPECT_EQ(found.gradient[j], 0);
          continue;
        }
        constexpr double kStep = 1e-5;
        const double middle = x[j];
        x[j] = middle + kStep;
        const double above = function(x).value;
        x[j] = middle - kStep;
        const double below = function(x).value;
        x[j] = middle;
        EXPECT_NEAR(found.gradient[j], (above - below) / (2 * kStep), 1e-5 * (1 + std::abs(found.gradient[j])));
      }
    }
  }

  Rng rng{{.seed = 2}};
  std::vector<GaussianProcess> processes;
};

TEST_F(Gradients, OfExpectedImprovementEqualDifferencesNearAndFar) {
  for (double best : {-0.5, 1.0, -30.0})
    expect_gradient(
        [&](const Vector& x) { return log_expected_improvement(processes[0].predict_with_gradient(x), best); });
}

TEST_F(Gradients, OfFeasibilityEqualDifferences) {
  for (double limit : {0.0, -20.0})
    expect_gradient(
        [&](const Vector& x) { return log_probability_below(processes[1].predict_with_gradient(x), limit); });
}

TEST_F(Gradients, OfConstrainedImprovementEqualDifferences) {
  expect_gradient([&](const Vector& x) {
    const PredictionGradient constraint = processes[1].predict_with_gradient(x);
    return log_constrained_improvement(processes[0].predict_with_gradient(x), 0.2, {&constraint, 1}, Vector{0.1});
  });
}

TEST_F(Gradients, ConstrainedImprovementIsTheProductOfItsFactors) {
  const Vector x = random_point(kMixedSpace, rng);
  const PredictionGradient objective = processes[0].predict_with_gradient(x);
  const std::vector<PredictionGradient> constraints(2, processes[1].predict_with_gradient(x));
  EXPECT_NEAR(log_constrained_improvement(objective, 0.2, constraints, Vector{0.1, 0.3}).value,
              log_expected_improvement(objective.prediction, 0.2) +
                  log_probability_below(constraints[0].prediction, 0.1) +
                  log_probability_below(constraints[0].prediction, 0.3),
              1e-13);
}

}  // namespace
}  // namespace pegbox::math
