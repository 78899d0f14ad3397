// Gaussian process regression: against dense formulas, scikit-learn and finite differences; odd data; growth.
#include "math/gaussian_process.h"

#include <gmock/gmock.h>

#include <Eigen/Dense>
#include <cmath>

#include "math/mixed_points_for_test.h"
#include "math/sobol.h"

namespace pegbox::math {
namespace {

using Vector = std::vector<double>;

const std::vector<Dimension> kPlane(2);

struct Data {
  std::vector<Dimension> dimensions;
  Vector points, targets;

  int size() const { return static_cast<int>(targets.size()); }
  std::span<const double> point(int i) const {
    return std::span(points).subspan(i * dimensions.size(), dimensions.size());
  }
};

Data mixed_data(int count, std::uint64_t seed) {
  Rng rng({.seed = seed});
  Data data{kMixedSpace, random_points(kMixedSpace, count, rng), {}};
  for (int i = 0; i < count; ++i) {
    const auto x = data.point(i);
    const double conditional = std::isnan(x[2]) ? 0.5 : x[2];
    data.targets.push_back(40 + 10 * std::sin(3 * x[0]) + 5 * x[1] * conditional + x[4] + 0.1 * rng.normal());
  }
  return data;
}

// Rasmussen and Williams, equations 2.25 and 2.26, by a general inverse; the model's own standardization.
Prediction dense_prediction(const GaussianProcess& process, const Data& data, std::span<const double> x) {
  const Hyperparameters& h = process.hyperparameters();
  const int n = data.size();
  Eigen::MatrixXd covariance(n, n);
  Eigen::VectorXd k(n), residual(n);
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) covariance(i, j) = kernel(data.dimensions, h, data.point(i), data.point(j));
    covariance(i, i) += h.noise_variance;
    k[i] = kernel(data.dimensions, h, data.point(i), x);
    residual[i] = (data.targets[i] - process.target_mean()) / process.target_scale() - h.mean;
  }
  const Eigen::MatrixXd inverse = covariance.inverse();
  const double scale = process.target_scale();
  return {process.target_mean() + scale * (h.mean + k.dot(inverse * residual)),
          scale * scale * (h.signal_variance - k.dot(inverse * k))};
}

void expect_close(const Prediction& a, const Prediction& b, double tolerance) {
  EXPECT_NEAR(a.mean, b.mean, tolerance * (1 + std::abs(b.mean)));
  EXPECT_NEAR(a.variance, b.variance, tolerance * (1 + b.variance));
}

TEST(GaussianProcess, PosteriorEqualsTheDenseFormula) {
  for (int count : {1, 2, 8, 40}) {
    const Data data = mixed_data(count, count);
    Rng rng({.seed = 77});
    const auto process =
        *GaussianProcess::with(data.dimensions, data.points, data.targets, random_hyperparameters(kMixedSpace, rng));
    const Vector queries = random_points(kMixedSpace, 10, rng);
    const auto predictions = process.predict_all(queries);
    const auto means = process.mean_all(queries);
    for (int i = 0; i < 10; ++i) {
      const auto x = std::span(queries).subspan(i * kMixedSpace.size(), kMixedSpace.size());
      const Prediction expected = dense_prediction(process, data, x);
      expect_close(process.predict(x), expected, 1e-10);
      expect_close(predictions[i], expected, 1e-10);
      expect_close(process.predict_with_gradient(x).prediction, expected, 1e-10);
      EXPECT_NEAR(means[i], expected.mean, 1e-10 * std::abs(expected.mean));
    }
  }
}

// scikit-learn 1.9.1, with m = y.mean(), s = y.std(ddof=1):
//   g = GaussianProcessRegressor(ConstantKernel(1.7, "fixed") * Matern([0.4, 0.9], "fixed", nu=2.5), alpha=0.01,
//                                optimizer=None).fit(X, (y - m) / s)
//   mu, sd = g.predict(Q, return_std=True); m + s * mu; (s * sd)**2; g.log_marginal_likelihood_value_
TEST(GaussianProcess, PosteriorEqualsScikitLearns) {
  const Vector points{0.05, 0.10, 0.20, 0.85, 0.35, 0.40, 0.50, 0.95, 0.65, 0.20, 0.80, 0.60, 0.95, 0.05};
  const Vector targets{1.3, -0.4, 0.7, 2.1, -1.2, 0.3, 0.9}, queries{0.1, 0.1, 0.5, 0.5, 0.9, 0.9, 0.65, 0.2};
  const auto process = *GaussianProcess::with(
      kPlane, points, targets, {.length_scales = {0.4, 0.9}, .signal_variance = 1.7, .noise_variance = 0.01});
  EXPECT_NEAR(process.target_mean(), 0.5285714285714286, 1e-15);
  EXPECT_NEAR(process.target_scale(), 1.0904346009952268, 1e-15);
  const double means[] = {1.2481944546979133, 0.5054271894835883, 1.1150793208710705, -1.1479880908989166};
  const double variances[] = {0.037686474063943085, 0.08921668251218204, 0.36129913896913185, 0.011571553939044767};
  const auto predictions = process.predict_all(queries);
  for (int i = 0; i < 4; ++i) {
    EXPECT_NEAR(predictions[i].mean, means[i], 1e-12);
    EXPECT_NEAR(predictions[i].variance, variances[i], 1e-12);
  }
  EXPECT_NEAR(process.log_marginal_likelihood(), -15.521051135561484, 1e-11);
}

// Kumaraswamy's distribution function as in its paper, and the process without warps where these lead.
TEST(GaussianProcess, WarpsAreAPlainProcessAtWarpedPoints) {
  const Data data = mixed_data(30, 3);
  Rng rng({.seed = 21});
  const Hyperparameters plain = random_hyperparameters(kMixedSpace, rng);
  Hyperparameters warped = plain;
  warped.warps = random_warps(kMixedSpace, 0.6, rng);
  const auto by_hand = [&](Vector points) {
    for (std::size_t i = 0; i < points.size(); ++i) {
      const std::size_t j = i % kMixedSpace.size();
      const auto [a, b] = warped.warps[j];
      const double x = 1e-6 + (1 - 2e-6) * points[i];
      if (kMixedSpace[j].kind == DimensionKind::Real) points[i] = 1 - std::pow(1 - std::pow(x, a), b);
    }
    return points;
  };
  const auto process = *GaussianProcess::with(kMixedSpace, data.points, data.targets, warped);
  const auto reference = *GaussianProcess::with(kMixedSpace, by_hand(data.points), data.targets, plain);
  const Vector queries = random_points(kMixedSpace, 20, rng), warped_queries = by_hand(queries);
  const auto found = process.predict_all(queries), expected = reference.predict_all(warped_queries);
  for (std::size_t i = 0; i < found.size(); ++i) {
    expect_close(found[i], expected[i], 1e-10);
    const auto x = std::span(queries).subspan(i * kMixedSpace.size(), kMixedSpace.size());
    expect_close(found[i], dense_prediction(process, data, x), 1e-10);
  }
  EXPECT_NEAR(process.log_marginal_likelihood(), reference.log_marginal_likelihood(), 1e-9);
}

// A bowl of a logarithm is steep near 0 and flat elsewhere.
TEST(GaussianProcess, LearnsAWarpThatAWarpedFunctionNeeds) {
  Data data{kPlane, Sobol::create(2, {.seed = 5})->points(0, 40), {}};
  const auto truth = [](std::span<const double> x) { return std::pow(std::log(x[0] + 0.02) + 2, 2) + x[1]; };
  for (int i = 0; i < 40; ++i) data.targets.push_back(truth(data.point(i)));
  const auto plain = *GaussianProcess::fit(kPlane, data.points, data.targets);
  const auto warped = *GaussianProcess::fit(kPlane, data.points, data.targets, {.warp_spread = 0.5});
  EXPECT_GT(warped.log_marginal_likelihood(), plain.log_marginal_likelihood() + 5);
  ASSERT_EQ(warped.hyperparameters().warps.size(), 2u);
  EXPECT_LT(warped.hyperparameters().warps[0].a, 0.7);
  double plain_error = 0, warped_error = 0;
  for (int i = 40; i < 140; ++i) {
    const Vector x = Sobol::create(2, {.seed = 5})->points(static_cast<std::uint64_t>(i), 1);
    plain_error += std::pow(plain.predict(x).mean - truth(x), 2);
    warped_error += std::pow(warped.predict(x).mean - truth(x), 2);
  }
  EXPECT_LT(warped_error, 0.7 * plain_error);
}

TEST(GaussianProcess, DrawsOfHyperparametersHaveWarpsOfTheirOwn) {
  const Data data = mixed_data(20, 3);
  const auto fitted = *GaussianProcess::fit(data.dimensions, data.points, data.targets, {.warp_spread = 0.5});
  const auto draws = *GaussianProcess::sample(data.dimensions, data.points, data.targets, fitted.hyperparameters(),
                                              {.warp_spread = 0.5});
  ASSERT_EQ(draws.size(), 6u);
  for (const Hyperparameters& draw : draws) {
    ASSERT_EQ(draw.warps.size(), kMixedSpace.size());
    EXPECT_NE(draw.warps[0].a, fitted.hyperparameters().warps[0].a);
    EXPECT_EQ(draw.warps[1].a, 1) << "of a category";
  }
}

TEST(GaussianProcess, RefusesWarpsThatAreNone) {
  const Data data = mixed_data(5, 3);
  Rng rng({.seed = 8});
  Hyperparameters h = random_hyperparameters(kMixedSpace, rng);
  h.warps = {{.a = 2, .b = 1}};
  EXPECT_FALSE(GaussianProcess::with(data.dimensions, data.points, data.targets, h)) << "too few";
  h.warps.assign(kMixedSpace.size(), {.a = 0, .b = 1});
  EXPECT_FALSE(GaussianProcess::with(data.dimensions, data.points, data.targets, h)) << "a = 0";
}

class GaussianProcessGradients : public testing::TestWithParam<bool> {};  // with warps
INSTANTIATE_TEST_SUITE_P(Warped, GaussianProcessGradients, testing::Bool());

TEST_P(GaussianProcessGradients, EqualCentralDifferences) {
  const Data data = mixed_data(30, 3);
  Rng rng({.seed = 8});
  Hyperparameters h = random_hyperparameters(kMixedSpace, rng);
  if (GetParam()) h.warps = random_warps(kMixedSpace, 0.4, rng);
  const auto process = *GaussianProcess::with(data.dimensions, data.points, data.targets, h);
  for (int repeat = 0; repeat < 20; ++repeat) {
    Vector x = random_point(kMixedSpace, rng);
    const PredictionGradient found = process.predict_with_gradient(x);
    for (std::size_t j = 0; j < x.size(); ++j) {
      if (kMixedSpace[j].kind == DimensionKind::Categorical || std::isnan(x[j])) {
        EXPECT_EQ(found.mean_gradient[j], 0);
        EXPECT_EQ(found.variance_gradient[j], 0);
        continue;
      }
      constexpr double kStep = 1e-5;
      const double middle = x[j];
      x[j] = middle + kStep;
      const Prediction above = process.predict(x);
      x[j] = middle - kStep;
      const Prediction below = process.predict(x);
      x[j] = middle;
      EXPECT_NEAR(found.mean_gradient[j], (above.mean - below.mean) / (2 * kStep), 1e-5);
      EXPECT_NEAR(found.variance_gradient[j], (above.variance - below.variance) / (2 * kStep), 1e-5);
    }
  }
}

// A draw from the prior at Sobol points.
Data drawn_data(const std::vector<Dimension>& dimensions, int count, const Hyperparameters& h, std::uint64_t seed) {
  Rng rng({.seed = seed});
  const int d = static_cast<int>(dimensions.size());
  Data data{dimensions, Sobol::create(d, {.seed = seed})->points(0, count), {}};
  Eigen::MatrixXd covariance(count, count);
  for (int i = 0; i < count; ++i)
    for (int k = 0; k < count; ++k)
      covariance(i, k) = kernel(dimensions, h, data.point(i), data.point(k)) + (i == k ? h.noise_variance : 0);
  Eigen::VectorXd white(count);
  for (double& x : white) x = rng.normal();
  const Eigen::VectorXd drawn = covariance.llt().matrixL() * white;
  data.targets.assign(drawn.begin(), drawn.end());
  return data;
}

TEST(GaussianProcess, FindsTheLengthScalesAndTheNoiseOfADrawnFunction) {
  const Hyperparameters truth{.length_scales = {0.25, 0.8, 50}, .noise_variance = 0.01};
  std::vector<double> first, second, noise;
  for (std::uint64_t seed = 0; seed < 7; ++seed) {
    const Data data = drawn_data(std::vector<Dimension>(3), 120, truth, seed);
    const auto process = *GaussianProcess::fit(data.dimensions, data.points, data.targets);
    const Hyperparameters& h = process.hyperparameters();
    first.push_back(h.length_scales[0]);
    second.push_back(h.length_scales[1]);
    noise.push_back(process.noise_variance());
    EXPECT_GT(h.length_scales[2], 3 * h.length_scales[1]) << seed;
  }
  const auto middle = [](std::vector<double> values) {
    std::ranges::nth_element(values, values.begin() + 3);
    return values[3];
  };
  EXPECT_NEAR(std::log(middle(first) / 0.25), 0, std::log(1.3));
  EXPECT_NEAR(std::log(middle(second) / 0.8), 0, std::log(1.3));
  EXPECT_NEAR(std::log(middle(noise) / 0.01), 0, std::log(1.5));
}

TEST(GaussianProcess, PredictsADrawnFunctionWithHonestVariance) {
  const Hyperparameters truth{.length_scales = {0.3, 0.5, 0.7}, .noise_variance = 0.01};
  double squares = 0, count = 0;
  for (std::uint64_t seed = 20; seed < 26; ++seed) {
    const Data data = drawn_data(std::vector<Dimension>(3), 160, truth, seed);
    const auto process =
        *GaussianProcess::fit(data.dimensions, std::span(data.points).first(300), std::span(data.targets).first(100));
    for (int i = 100; i < 160; ++i) {
      const Prediction prediction = process.predict(data.point(i));
      squares += std::pow(data.targets[i] - prediction.mean, 2) / (prediction.variance + process.noise_variance());
      ++count;
    }
  }
  EXPECT_NEAR(squares / count, 1, 0.25);  // standard error 0.07 for independent residuals
}

TEST(GaussianProcess, TellsARelevantChoiceFromAnIrrelevantOne) {
  const std::vector<Dimension> space{{}, {DimensionKind::Categorical}, {DimensionKind::Categorical}};
  Rng rng({.seed = 4});
  Data data{space, random_points(space, 60, rng), {}};
  for (int i = 0; i < 60; ++i)
    data.targets.push_back(data.point(i)[0] + 2 * (data.point(i)[1] == 2) + 0.05 * rng.normal());
  const auto process = *GaussianProcess::fit(space, data.points, data.targets);
  EXPECT_LT(4 * process.hyperparameters().length_scales[1], process.hyperparameters().length_scales[2]);
  EXPECT_NEAR(process.predict(Vector{0.5, 2, 0}).mean, 2.5, 0.15);
  EXPECT_NEAR(process.predict(Vector{0.5, 0, 1}).mean, 0.5, 0.15);
}

TEST(GaussianProcess, UsesAConditionalCoordinateOnlyWhereItIsActive) {
  const std::vector<Dimension> space{{DimensionKind::Categorical}, {DimensionKind::Real, true}};
  Rng rng({.seed = 5});
  Data data{space, {}, {}};
  for (int i = 0; i < 50; ++i) {
    const double x = rng.uniform();
    const bool is_active = i % 2;
    data.points.insert(data.points.end(), {is_active ? 1.0 : 0.0, is_active ? x : kInactive});
    data.targets.push_back(is_active ? std::pow(x - 0.3, 2) * 10 : 1.5);
  }
  const auto process = *GaussianProcess::fit(space, data.points, data.targets);
  EXPECT_NEAR(process.predict(Vector{0, kInactive}).mean, 1.5, 0.05);
  EXPECT_NEAR(process.predict(Vector{1, 0.3}).mean, 0, 0.1);
  EXPECT_NEAR(process.predict(Vector{1, 0.9}).mean, 3.6, 0.15);
}

TEST(GaussianProcess, AppendingEqualsFactorizingAnew) {
  const Data data = mixed_data(60, 6);
  const std::size_t d = kMixedSpace.size();
  Rng rng({.seed = 9});
  auto process = *GaussianProcess::with(kMixedSpace, std::span(data.points).first(35 * d),
                                        std::span(data.targets).first(35), random_hyperparameters(kMixedSpace, rng));
  for (int i = 35; i < 60; ++i) ASSERT_TRUE(process.append(data.point(i), data.targets[i]));
  EXPECT_EQ(process.size(), 60);
  for (int repeat = 0; repeat < 20; ++repeat) {
    const Vector x = random_point(kMixedSpace, rng);
    expect_close(process.predict(x), dense_prediction(process, data, x), 1e-10);
  }
}

// Var(y | also x) = Var(y) - Cov(x, y)^2 / (Var(x) + noise).
TEST(GaussianProcess, JointPredictionsAgreeWithWhatOneMoreObservationDoes) {
  const Data data = mixed_data(25, 3), asked = mixed_data(6, 4);
  const auto process = *GaussianProcess::fit(data.dimensions, data.points, data.targets);
  const JointPrediction joint = process.predict_jointly(asked.points);
  const auto alone = process.predict_all(asked.points);
  const std::size_t m = alone.size();
  for (std::size_t i = 0; i < m; ++i) {
    expect_close({joint.means[i], joint.covariances[i * m + i]}, alone[i], 1e-9);
    GaussianProcess more = process;
    ASSERT_TRUE(more.append(asked.point(static_cast<int>(i)), 40));
    const auto after = more.predict_all(asked.points);
    for (std::size_t k = 0; k < m; ++k) {
      const double covariance = joint.covariances[i * m + k];
      const double expected =
          alone[k].variance - covariance * covariance / (alone[i].variance + process.noise_variance());
      EXPECT_NEAR(after[k].variance, expected, 1e-8 * (1 + alone[k].variance)) << i << " " << k;
    }
  }
}

TEST(GaussianProcess, APendingPointMovesNoMeanAndNarrowsTheVarianceAroundIt) {
  const Data data = mixed_data(30, 7);
  const auto process = *GaussianProcess::fit(data.dimensions, data.points, data.targets);
  auto believed = process;
  Rng rng({.seed = 10});
  const Vector pending = random_point(kMixedSpace, rng);
  ASSERT_TRUE(believed.append_pending(pending));
  EXPECT_EQ(process.size(), 30);
  EXPECT_EQ(believed.size(), 31);
  EXPECT_LT(believed.predict(pending).variance, 0.7 * process.predict(pending).variance);
  for (int repeat = 0; repeat < 20; ++repeat) {
    const Vector x = random_point(kMixedSpace, rng);
    EXPECT_NEAR(believed.predict(x).mean, process.predict(x).mean, 1e-8);
    EXPECT_LE(believed.predict(x).variance, process.predict(x).variance + 1e-9);
  }
}

TEST(GaussianProcess, TheSameDataGiveTheSameModel) {
  const Data data = mixed_data(40, 11);
  const auto once = *GaussianProcess::fit(data.dimensions, data.points, data.targets),
             twice = *GaussianProcess::fit(data.dimensions, data.points, data.targets);
  EXPECT_EQ(once.hyperparameters().length_scales, twice.hyperparameters().length_scales);
  EXPECT_EQ(once.predict(data.point(3)).mean, twice.predict(data.point(3)).mean);
}

// Vectorized sums start where memory is aligned; the order of a sum must not depend on where the caller's data lie.
TEST(GaussianProcess, TheModelDoesNotDependOnWhereTheDataLieInMemory) {
  const Data data = mixed_data(41, 15);
  const auto plain = *GaussianProcess::fit(data.dimensions, data.points, data.targets);
  for (std::size_t offset = 1; offset < 4; ++offset) {
    Vector points(offset), targets(offset);
    points.insert(points.end(), data.points.begin(), data.points.end());
    targets.insert(targets.end(), data.targets.begin(), data.targets.end());
    const auto moved =
        *GaussianProcess::fit(data.dimensions, std::span(points).subspan(offset), std::span(targets).subspan(offset));
    EXPECT_EQ(moved.hyperparameters().length_scales, plain.hyperparameters().length_scales);
    EXPECT_EQ(moved.predict(std::span(points).subspan(offset, 6)).mean, plain.predict(data.point(0)).mean);
  }
}

TEST(GaussianProcess, ManyPointsAreFittedThroughSomeOfThem) {
  const Hyperparameters truth{.length_scales = {0.3, 0.6}, .noise_variance = 0.01};
  const Data data = drawn_data(kPlane, 260, truth, 3);
  const auto process = *GaussianProcess::fit(kPlane, data.points, data.targets);
  const auto thorough =
      *GaussianProcess::fit(kPlane, data.points, data.targets, {.max_evaluations = 400, .max_starts = 6});
  EXPECT_EQ(process.size(), 260);
  EXPECT_NEAR(process.log_marginal_likelihood(), thorough.log_marginal_likelihood(), 0.3);
  EXPECT_NEAR(std::log(process.hyperparameters().length_scales[0] / 0.3), 0, std::log(1.5));
}

TEST(GaussianProcess, FollowsAChangeOfUnitsOfTheTargets) {
  Data data = mixed_data(40, 12);
  const auto plain = *GaussianProcess::fit(data.dimensions, data.points, data.targets);
  for (double& target : data.targets) target = 1e6 - 1e-3 * target;
  const auto changed = *GaussianProcess::fit(data.dimensions, data.points, data.targets);
  Rng rng({.seed = 13});
  for (int repeat = 0; repeat < 10; ++repeat) {
    const Vector x = random_point(kMixedSpace, rng);
    EXPECT_NEAR(changed.predict(x).mean, 1e6 - 1e-3 * plain.predict(x).mean, 1e-4);
    EXPECT_NEAR(changed.predict(x).variance, 1e-6 * plain.predict(x).variance, 0.02e-6 * plain.predict(x).variance);
  }
}

TEST(GaussianProcess, DuplicatesWithoutNoiseStillFactorize) {
  Vector points, targets;
  for (int i = 0; i < 30; ++i) {
    points.insert(points.end(), {0.3, 0.1 * (i % 3)});
    targets.push_back(i % 3);
  }
  auto process = GaussianProcess::with(kPlane, points, targets, {.length_scales = {1, 1}, .noise_variance = 0});
  ASSERT_TRUE(process);
  EXPECT_NEAR(process->predict(Vector{0.3, 0.2}).mean, 2, 1e-3);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(process->append(Vector{0.3, 0.2}, 2));
  EXPECT_NEAR(process->predict(Vector{0.3, 0.2}).mean, 2, 1e-3);
  EXPECT_GE(process->predict(Vector{0.3, 0.2}).variance, 0);
}

TEST(GaussianProcess, DuplicatesThatDisagreeBecomeNoise) {
  Vector points, targets;
  Rng rng({.seed = 14});
  for (int i = 0; i < 40; ++i) {
    points.insert(points.end(), {0.25 * (i % 4), 0.5});
    targets.push_back((i % 4) + 0.3 * rng.normal());
  }
  const auto process = GaussianProcess::fit(kPlane, points, targets);
  ASSERT_TRUE(process);
  EXPECT_NEAR(std::log(process->noise_variance() / 0.09), 0, std::log(1.7));
}

TEST(GaussianProcess, OneObservationGivesItsValueNearbyAndDoubtFarAway) {
  const auto process = GaussianProcess::fit(kPlane, Vector{0.5, 0.5}, Vector{7});
  ASSERT_TRUE(process);
  EXPECT_NEAR(process->predict(Vector{0.5, 0.5}).mean, 7, 0.1);
  EXPECT_GT(process->predict(Vector{0, 1}).variance, process->predict(Vector{0.5, 0.5}).variance);
}

TEST(GaussianProcess, ConstantTargetsGiveThatConstant) {
  Vector points, targets(20, 0.1);
  for (int i = 0; i < 40; ++i) points.push_back(0.025 * i);
  const auto process = GaussianProcess::fit(kPlane, points, targets);
  ASSERT_TRUE(process);
  EXPECT_NEAR(process->predict(Vector{0.9, 0.1}).mean, 0.1, 1e-6);
  EXPECT_TRUE(std::isfinite(process->predict(Vector{0.9, 0.1}).variance));
}

TEST(GaussianProcess, TargetsOfAnyMagnitudeAreFitted) {
  for (double unit : {1e-200, 1e150}) {
    Vector points, targets;
    for (int i = 0; i < 15; ++i) {
      points.insert(points.end(), {i / 14.0, 0.5});
      targets.push_back(unit * std::sin(3.0 * i / 14));
    }
    const auto process = GaussianProcess::fit(kPlane, points, targets);
    ASSERT_TRUE(process);
    EXPECT_NEAR(process->predict(Vector{0.4, 0.5}).mean / unit, std::sin(1.2), 0.02);
  }
}

TEST(GaussianProcess, RefusesTargetsThatAreNotFinite) {
  for (double bad : {static_cast<double>(NAN), static_cast<double>(INFINITY), -static_cast<double>(INFINITY)}) {
    const auto result = GaussianProcess::fit(kPlane, Vector{0, 0, 1, 1}, Vector{1, bad});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::InvalidInput);
    EXPECT_THAT(result.error().message, ::testing::HasSubstr("point 1"));
  }
  auto process = *GaussianProcess::fit(kPlane, Vector{0, 0, 1, 1}, Vector{1, 2});
  EXPECT_FALSE(process.append(Vector{0.5, 0.5}, NAN));
  EXPECT_EQ(process.size(), 2);
}

TEST(GaussianProcess, RefusesShapesAndHyperparametersThatDoNotAgree) {
  EXPECT_FALSE(GaussianProcess::fit(kPlane, Vector{0, 0, 1, 1}, Vector{1}));
  EXPECT_FALSE(GaussianProcess::fit(kPlane, Vector{}, Vector{}));
  EXPECT_FALSE(GaussianProcess::fit({}, Vector{}, Vector{1}));
  EXPECT_FALSE(GaussianProcess::fit(kPlane, Vector{0, NAN}, Vector{1}));
  EXPECT_FALSE(GaussianProcess::with(kPlane, Vector{0, 0}, Vector{1}, {.length_scales = {1}}));
  EXPECT_FALSE(GaussianProcess::with(kPlane, Vector{0, 0}, Vector{1}, {.length_scales = {1, 0}}));
  auto process = *GaussianProcess::fit(kPlane, Vector{0, 0}, Vector{1});
  EXPECT_FALSE(process.append(Vector{0}, 1));
  EXPECT_FALSE(process.append(Vector{0, 0, 1, 1}, 1));
  EXPECT_FALSE(process.append_pending(Vector{0, 0, 1, 1}));
  EXPECT_FALSE(process.append_pending(Vector{0, kInactive}));
}

}  // namespace
}  // namespace pegbox::math
