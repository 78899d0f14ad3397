// Gaussian process classification: against exact orthant probabilities, differences, and borders it has to find.
#include "math/probit_process.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "math/mixed_points_for_test.h"

namespace pegbox::math {
namespace {

const std::vector<Dimension> kOneReal{{DimensionKind::Real, false}};

Hyperparameters straight(std::size_t d, double signal_variance) {
  return {
      .length_scales = std::vector<double>(d, 1.0), .signal_variance = signal_variance, .noise_variance = 0, .mean = 0};
}

double probability(const ProbitProcess& process, std::vector<double> point) {
  return std::exp(process.log_probability_all(point).front());
}

// E[Phi(f1) Phi(f2)] = 1/4 + asin(rho) / (2 pi), rho the correlation of f + standard normal noise; for one place twice.
double both_succeed(double signal_variance) {
  const double variance = 2 * signal_variance;
  return 0.25 + std::asin(variance / (1 + variance)) / (2 * std::numbers::pi);
}

TEST(ProbitProcess, ComesNearTheExactEvidenceOfTwoTrialsAtOnePlace) {
  for (const double signal : {0.1, 0.5, 2.0}) {
    const std::vector<double> twice{0.4, 0.4};
    const auto evidence = ProbitProcess::log_evidence(kOneReal, twice, {true, true}, straight(1, signal));
    ASSERT_TRUE(evidence) << evidence.error().message;
    EXPECT_NEAR(std::exp(evidence->value) / both_succeed(signal), 1, 0.07) << signal;
  }
}

TEST(ProbitProcess, PredictsNearTheExactProbabilityAfterOneSuccessOrNearerToOneHalf) {
  for (const double signal : {0.1, 0.5, 2.0, 10.0}) {
    const auto process = ProbitProcess::with(kOneReal, std::vector<double>{0.4}, {true}, straight(1, signal));
    ASSERT_TRUE(process);
    const double exact = both_succeed(signal) / 0.5;
    EXPECT_LT(probability(*process, {0.4}), exact + 0.005) << signal;
    EXPECT_NEAR(probability(*process, {0.4}), exact, signal < 1 ? 0.03 : 0.14) << signal;
  }
}

TEST(ProbitProcess, IsSymmetricInSuccessAndFailure) {
  Rng rng({.seed = 2});
  const auto points = random_points(kMixedSpace, 12, rng), asked = random_points(kMixedSpace, 5, rng);
  std::vector<bool> successes;
  for (int i = 0; i < 12; ++i) successes.push_back(rng.below(2) == 0);
  std::vector<bool> failures(successes);
  failures.flip();
  const auto h = random_hyperparameters(kMixedSpace, rng);
  const auto one = ProbitProcess::with(kMixedSpace, points, successes, h);
  const auto other = ProbitProcess::with(kMixedSpace, points, failures, h);
  ASSERT_TRUE(one && other);
  const auto of_success = one->log_probability_all(asked), of_failure = other->log_probability_all(asked);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(std::exp(of_success[i]) + std::exp(of_failure[i]), 1, 1e-9);
}

TEST(ProbitProcess, HasAnEvidenceWhoseGradientAgreesWithDifferences) {
  Rng rng({.seed = 3});
  const auto points = random_points(kMixedSpace, 15, rng);
  std::vector<bool> successes;
  for (int i = 0; i < 15; ++i) successes.push_back(rng.below(3) > 0);
  auto h = random_hyperparameters(kMixedSpace, rng);
  h.signal_variance = 6;
  const auto evidence = [&](const Hyperparameters& at) {
    return ProbitProcess::log_evidence(kMixedSpace, points, successes, at)->value;
  };
  const auto gradient = ProbitProcess::log_evidence(kMixedSpace, points, successes, h)->gradient;
  const std::size_t d = kMixedSpace.size();
  for (std::size_t j = 0; j <= d; ++j) {
    Hyperparameters up = h, down = h;
    (j < d ? up.length_scales[j] : up.signal_variance) *= std::exp(1e-4);
    (j < d ? down.length_scales[j] : down.signal_variance) *= std::exp(-1e-4);
    EXPECT_NEAR(gradient[j], (evidence(up) - evidence(down)) / 2e-4, 1e-4 * (1 + std::abs(gradient[j]))) << j;
  }
}

TEST(ProbitProcess, HasAProbabilityWhoseGradientAgreesWithDifferences) {
  Rng rng({.seed = 4});
  const std::vector<Dimension> plane(2, {DimensionKind::Real, false});
  const auto points = random_points(plane, 20, rng);
  std::vector<bool> successes;
  for (std::size_t i = 0; i < 20; ++i) successes.push_back(points[2 * i] + points[2 * i + 1] < 1);
  const auto process = ProbitProcess::with(plane, points, successes, straight(2, 50));
  ASSERT_TRUE(process);
  for (const std::vector<double>& at : {std::vector{0.3, 0.4}, {0.9, 0.8}, {0.1, 0.95}}) {
    const auto whole = process->log_probability(at);
    EXPECT_NEAR(whole.value, process->log_probability_all(at).front(), 1e-10);
    for (std::size_t j = 0; j < 2; ++j) {
      std::vector<double> up(at), down(at);
      up[j] += 1e-6, down[j] -= 1e-6;
      const double slope = (process->log_probability(up).value - process->log_probability(down).value) / 2e-6;
      EXPECT_NEAR(whole.gradient[j], slope, 1e-4 * (1 + std::abs(slope)));
    }
  }
}

TEST(ProbitProcess, FindsAStraightBorderInMixedDimensionsFromFewTrials) {
  // Fails where 2 x + y + 0.8 [c = 1] > 1.7: of 60 trials in five dimensions it should know the border.
  std::vector<Dimension> dimensions(5, {DimensionKind::Real, false});
  dimensions[4].kind = DimensionKind::Categorical;
  const auto fails = [](std::span<const double> x) { return 2 * x[0] + x[1] + 0.8 * (x[4] == 1) > 1.7; };
  Rng rng({.seed = 5});
  const auto points = random_points(dimensions, 60, rng), asked = random_points(dimensions, 400, rng);
  std::vector<bool> successes;
  for (std::size_t i = 0; i < 60; ++i) successes.push_back(!fails({&points[5 * i], 5}));
  const auto h = ProbitProcess::fit(dimensions, points, successes);
  ASSERT_TRUE(h) << h.error().message;
  EXPECT_GT(h->length_scales[2], 3 * h->length_scales[0]) << "the third does not matter";
  const auto process = ProbitProcess::with(dimensions, points, successes, *h);
  ASSERT_TRUE(process);
  const auto logs = process->log_probability_all(asked);
  int right = 0, sure = 0, sure_and_wrong = 0;
  for (std::size_t i = 0; i < 400; ++i) {
    const bool success = !fails({&asked[5 * i], 5});
    right += success == (std::exp(logs[i]) > 0.5);
    sure += std::exp(logs[i]) > 0.95;
    sure_and_wrong += std::exp(logs[i]) > 0.95 && !success;
  }
  EXPECT_GT(right, 360);
  EXPECT_GT(sure, 60);
  EXPECT_LT(sure_and_wrong, sure / 15);
}

TEST(ProbitProcess, KnowsNothingWhereNoTrialWas) {
  const auto process =
      ProbitProcess::with(kOneReal, std::vector<double>{0.0}, {true},
                          {.length_scales = {0.02}, .signal_variance = 4, .noise_variance = 0, .mean = 0});
  ASSERT_TRUE(process);
  EXPECT_GT(probability(*process, {0.0}), probability(*process, {1.0}));
  EXPECT_GT(probability(*process, {1.0}), 0.5) << "by the constant";
}

TEST(ProbitProcess, RefusesLabelsThatDoNotFitThePoints) {
  EXPECT_FALSE(ProbitProcess::with(kOneReal, std::vector<double>{0.1, 0.2}, {true}, straight(1, 1)));
  EXPECT_FALSE(ProbitProcess::fit(kOneReal, {}, {}));
}

}  // namespace
}  // namespace pegbox::math
