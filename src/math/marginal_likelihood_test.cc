// Likelihood times prior of hyperparameters: its value against the definition, its gradient against differences.
#include "math/marginal_likelihood.h"

#include <gtest/gtest.h>

#include <cmath>

#include "math/mixed_points_for_test.h"

namespace pegbox::math {
namespace {

using Vector = std::vector<double>;

struct Problem {
  Vector points, targets;
  Hyperparameters hyperparameters;
};

constexpr double kSpread = 0.7;  ///< of warps, where there are any

Problem random_problem(int count, std::uint64_t seed, bool warps = false) {
  Rng rng({.seed = seed});
  Problem problem{.points = random_points(kMixedSpace, count, rng)};
  for (int i = 0; i < count; ++i) problem.targets.push_back(rng.normal());
  problem.hyperparameters = random_hyperparameters(kMixedSpace, rng);
  if (warps) problem.hyperparameters.warps = random_warps(kMixedSpace, kSpread, rng);
  return problem;
}

MarginalLikelihood likelihood_of(const Problem& problem) {
  const double spread = problem.hyperparameters.warps.empty() ? 0 : kSpread;
  return MarginalLikelihood(kMixedSpace, problem.points, problem.targets, {}, spread);
}

// The Gaussian density by determinant and inverse, and the priors as written in the header, without their constants.
double log_posterior_by_definition(const Problem& problem) {
  const std::size_t d = kMixedSpace.size(), n = problem.targets.size();
  const Hyperparameters& h = problem.hyperparameters;
  Eigen::MatrixXd covariance(n, n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < n; ++k)
      covariance(i, k) = kernel(kMixedSpace, h, std::span(problem.points).subspan(i * d, d),
                                std::span(problem.points).subspan(k * d, d)) +
                         (i == k ? h.noise_variance : 0);
  const Eigen::VectorXd residual = Eigen::Map<const Eigen::VectorXd>(problem.targets.data(), n).array() - h.mean;
  double result = -0.5 * residual.dot(covariance.inverse() * residual) - 0.5 * std::log(covariance.determinant()) -
                  0.5 * static_cast<double>(n) * std::log(2 * M_PI);
  for (double length : h.length_scales)
    result +=
        -std::log(length) - std::pow(std::log(length) - std::sqrt(2.0) - 0.5 * std::log(static_cast<double>(d)), 2) / 6;
  for (const Warp& warp : h.warps)  // those of categories are 1: they add nothing
    result -= (std::pow(std::log(warp.a), 2) + std::pow(std::log(warp.b), 2)) / (2 * kSpread * kSpread);
  result += -std::log(h.noise_variance) - std::pow(std::log(h.noise_variance) + 4, 2) / 2;
  return result - 2 * std::pow(std::log(h.signal_variance), 2) - h.mean * h.mean / 2;
}

TEST(MarginalLikelihood, EqualsItsDefinition) {
  for (int count : {1, 2, 7, 30}) {
    const Problem problem = random_problem(count, count, count % 2 == 0);
    MarginalLikelihood likelihood = likelihood_of(problem);
    EXPECT_NEAR(likelihood.log_posterior(likelihood.pack(problem.hyperparameters), {}),
                log_posterior_by_definition(problem), 1e-9)
        << count;
  }
}

TEST(MarginalLikelihood, GradientEqualsCentralDifferences) {
  for (int count : {1, -1, 2, 5, -5, 33, -33, 70, -70}) {  // below 0: with warps
    const Problem problem = random_problem(std::abs(count), 100 + std::abs(count), count < 0);
    MarginalLikelihood likelihood = likelihood_of(problem);
    Vector parameters = likelihood.pack(problem.hyperparameters), gradient(parameters.size());
    likelihood.log_posterior(parameters, gradient);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      constexpr double kStep = 1e-5;
      const double middle = parameters[i];
      parameters[i] = middle + kStep;
      const double above = likelihood.log_posterior(parameters, {});
      parameters[i] = middle - kStep;
      const double below = likelihood.log_posterior(parameters, {});
      parameters[i] = middle;
      EXPECT_NEAR(gradient[i], (above - below) / (2 * kStep), 1e-6 * (1 + std::abs(gradient[i])))
          << count << " points, parameter " << i;
    }
  }
}

TEST(MarginalLikelihood, PackAndUnpackAreInverse) {
  const Problem problem = random_problem(3, 1, true);
  const MarginalLikelihood likelihood = likelihood_of(problem);
  const Hyperparameters back = likelihood.unpack(likelihood.pack(problem.hyperparameters));
  for (std::size_t j = 0; j < kMixedSpace.size(); ++j)
    EXPECT_NEAR(back.length_scales[j], problem.hyperparameters.length_scales[j], 1e-14);
  ASSERT_EQ(back.warps.size(), kMixedSpace.size());
  for (std::size_t j = 0; j < kMixedSpace.size(); ++j) {
    EXPECT_NEAR(back.warps[j].a, problem.hyperparameters.warps[j].a, 1e-14);
    EXPECT_NEAR(back.warps[j].b, problem.hyperparameters.warps[j].b, 1e-14);
  }
  EXPECT_NEAR(back.noise_variance, problem.hyperparameters.noise_variance, 1e-16);
}

TEST(MarginalLikelihood, StartsLieWithinTheBounds) {
  const MarginalLikelihood likelihood = likelihood_of(random_problem(3, 1, true));
  const Box box = likelihood.bounds(1e-6);
  for (const auto& start : likelihood.starts(1e-6))
    for (std::size_t i = 0; i < start.size(); ++i) {
      EXPECT_GE(start[i], box.low[i]);
      EXPECT_LE(start[i], box.high[i]);
    }
}

TEST(MarginalLikelihood, InverseAndGramOfATriangleAreThoseOfEigen) {
  for (int n : {1, 5, 32, 33, 70, 150}) {
    const Eigen::MatrixXd full = Eigen::MatrixXd::Random(n, n) * 0.1 + 3 * Eigen::MatrixXd::Identity(n, n);
    const Eigen::MatrixXd lower = full.triangularView<Eigen::Lower>();
    const Eigen::MatrixXd inverse = inverse_of_lower(full);
    EXPECT_LT((inverse * lower - Eigen::MatrixXd::Identity(n, n)).cwiseAbs().maxCoeff(), 1e-12) << n;
    const Eigen::MatrixXd difference = gram_of_lower(lower) - lower.transpose() * lower;
    EXPECT_LT(Eigen::MatrixXd(difference.triangularView<Eigen::Lower>()).cwiseAbs().maxCoeff(), 1e-12) << n;
  }
}

}  // namespace
}  // namespace pegbox::math
