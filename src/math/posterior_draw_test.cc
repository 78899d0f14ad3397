// Draws of a posterior: their mean, spread and covariance are the posterior's, over every kind of dimension.
#include "math/posterior_draw.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>

#include "math/mixed_points_for_test.h"

namespace pegbox::math {
namespace {

constexpr int kObservations = 12;
constexpr int kQueries = 8;
constexpr int kDraws = 1500;

struct Drawn {
  std::vector<double> points, targets, queries;
  Hyperparameters hyperparameters;
  GaussianProcess process;
};

Drawn mixed_process() {
  Rng rng({.seed = 21});
  const std::size_t d = kMixedSpace.size();
  std::vector<double> points = random_points(kMixedSpace, kObservations, rng), targets;
  for (int i = 0; i < kObservations; ++i) targets.push_back(3 + 5 * rng.normal());
  Hyperparameters hyperparameters = random_hyperparameters(kMixedSpace, rng);
  hyperparameters.noise_variance = 0.05;
  hyperparameters.warps = random_warps(kMixedSpace, 0.4, rng);
  auto process = GaussianProcess::with(kMixedSpace, points, targets, hyperparameters);
  EXPECT_TRUE(process);
  std::vector<double> queries = random_points(kMixedSpace, kQueries, rng);
  // Near an observation and differing from it in a category, where covariances are large.
  for (std::size_t j = 0; j < d; ++j) queries[j] = points[j], queries[d + j] = points[j];
  queries[d + 1] = points[1] == 0 ? 1 : 0;
  return {points, targets, queries, hyperparameters, std::move(*process)};
}

/// The posterior's covariance of the queries by its definition, with the kernel of kernel.h.
Eigen::MatrixXd covariance_of(const Drawn& drawn) {
  const std::size_t d = kMixedSpace.size();
  const auto covariances = [&](const std::vector<double>& a, const std::vector<double>& b) {
    Eigen::MatrixXd matrix(a.size() / d, b.size() / d);
    for (Eigen::Index i = 0; i < matrix.rows(); ++i)
      for (Eigen::Index k = 0; k < matrix.cols(); ++k)
        matrix(i, k) =
            kernel(kMixedSpace, drawn.hyperparameters, std::span(a).subspan(static_cast<std::size_t>(i) * d, d),
                   std::span(b).subspan(static_cast<std::size_t>(k) * d, d));
    return matrix;
  };
  Eigen::MatrixXd observed = covariances(drawn.points, drawn.points);
  observed.diagonal().array() += drawn.hyperparameters.noise_variance;
  const Eigen::MatrixXd cross = covariances(drawn.points, drawn.queries);
  const double scale = drawn.process.target_scale();
  return scale * scale * (covariances(drawn.queries, drawn.queries) - cross.transpose() * observed.ldlt().solve(cross));
}

TEST(PosteriorDraw, HasThePosteriorsMeanAndCovariance) {
  const Drawn drawn = mixed_process();
  const Eigen::MatrixXd expected = covariance_of(drawn);
  Eigen::MatrixXd values(kDraws, kQueries);
  for (int i = 0; i < kDraws; ++i) {
    const PosteriorDraw draw(drawn.process, {.seed = 5, .stream = 0, .trial = static_cast<std::uint64_t>(i)});
    const auto each = draw.values(drawn.queries);
    for (int k = 0; k < kQueries; ++k) values(i, k) = each[static_cast<std::size_t>(k)];
  }
  const Eigen::RowVectorXd means = values.colwise().mean();
  const Eigen::MatrixXd centered = values.rowwise() - means;
  const Eigen::MatrixXd found = centered.transpose() * centered / (kDraws - 1);
  const auto predictions = drawn.process.predict_all(drawn.queries);
  for (int k = 0; k < kQueries; ++k) {
    const double error = std::sqrt(expected(k, k) / kDraws);
    EXPECT_NEAR(means[k], predictions[static_cast<std::size_t>(k)].mean, 4.5 * error) << k;
    for (int j = 0; j <= k; ++j) {
      // Standard error of a normal sample's covariance.
      const double spread = std::sqrt((expected(k, k) * expected(j, j) + std::pow(expected(k, j), 2)) / kDraws);
      EXPECT_NEAR(found(k, j), expected(k, j), 4.5 * spread) << k << ", " << j;
    }
  }
}

TEST(PosteriorDraw, IsOneFunctionForEachKey) {
  const Drawn drawn = mixed_process();
  const PosteriorDraw draw(drawn.process, {.seed = 1}), again(drawn.process, {.seed = 1}),
      other(drawn.process, {.seed = 2});
  EXPECT_EQ(draw.values(drawn.queries), again.values(drawn.queries));
  EXPECT_NE(draw.values(drawn.queries), other.values(drawn.queries));
  const auto all = draw.values(drawn.points);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_NEAR(draw.at_observations()[i], all[i], 1e-8);
}

TEST(PosteriorDraw, PassesThroughWhatIsObservedWithoutNoise) {
  const std::vector<Dimension> line{{DimensionKind::Real, false}};
  const std::vector<double> points{0.1, 0.4, 0.8}, targets{2, -1, 5};
  const auto process = GaussianProcess::with(
      line, points, targets, {.length_scales = {0.3}, .signal_variance = 1, .noise_variance = 1e-10, .mean = 0});
  ASSERT_TRUE(process);
  const auto values = PosteriorDraw(*process, {.seed = 3}).values(points);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(values[i], targets[i], 1e-3);
}

TEST(PosteriorDraw, HasAGradientThatAgreesWithDifferences) {
  const Drawn drawn = mixed_process();
  const PosteriorDraw draw(drawn.process, {.seed = 4});
  Rng rng({.seed = 22});
  for (int repeat = 0; repeat < 10; ++repeat) {
    std::vector<double> x = random_point(kMixedSpace, rng);
    const PredictionGradient found = draw.value_with_gradient(x);
    EXPECT_NEAR(found.prediction.mean, draw.values(x).front(), 1e-9);
    EXPECT_EQ(found.prediction.variance, 0);
    for (std::size_t j = 0; j < x.size(); ++j) {
      if (kMixedSpace[j].kind == DimensionKind::Categorical || std::isnan(x[j])) {
        EXPECT_EQ(found.mean_gradient[j], 0);
        continue;
      }
      const double middle = x[j];
      x[j] = middle + 1e-6;
      const double above = draw.values(x).front();
      x[j] = middle - 1e-6;
      const double below = draw.values(x).front();
      x[j] = middle;
      EXPECT_NEAR(found.mean_gradient[j], (above - below) / 2e-6, 1e-4 * (1 + std::abs(found.mean_gradient[j])));
    }
  }
}

}  // namespace
}  // namespace pegbox::math
