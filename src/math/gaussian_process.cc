// Exact Gaussian process regression: fitting, a Cholesky factor that grows by rows, predictions with gradients.
#include "math/gaussian_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include "math/marginal_likelihood.h"
#include "math/slice_sampling.h"

namespace pegbox::math {

/// targets = mean + scale * standardized targets
struct Standardization {
  double mean = 0, scale = 1;
};

namespace {

using Eigen::Index;

// Divides by the largest magnitude first, so that nothing overflows.
Standardization standardization_of(std::span<const double> targets) {
  double largest = 0;
  for (double target : targets) largest = std::max(largest, std::abs(target));
  if (largest == 0) return {};
  const Eigen::ArrayXd scaled = Eigen::Map<const Eigen::ArrayXd>(targets.data(), targets.size()) / largest;
  const double mean = scaled.mean();
  const double spread = targets.size() < 2 ? 0 : std::sqrt((scaled - mean).square().sum() / (scaled.size() - 1.0));
  return {mean * largest, spread > 1e-13 ? spread * largest : 1.0};  // less is rounding: all targets are equal
}

Result<void> check_targets(std::span<const double> targets, std::size_t points, std::size_t dimensions) {
  if (targets.empty() || points != targets.size() * dimensions)
    return fail(ErrorKind::InvalidInput,
                {.where = "Gaussian process",
                 .what = "points and targets do not agree",
                 .got = fmt::format("{} coordinates and {} targets", points, targets.size()),
                 .expected = fmt::format("at least one target, and {} coordinates for each", dimensions)});
  for (std::size_t i = 0; i < targets.size(); ++i)
    if (!std::isfinite(targets[i]))
      return fail(ErrorKind::InvalidInput, {.where = fmt::format("Gaussian process: point {}", i),
                                            .what = "the target is not finite",
                                            .got = fmt::format("{}", targets[i]),
                                            .hint = "leave failed trials out, or give them a finite value"});
  return {};
}

Result<void> check_hyperparameters(const Hyperparameters& h, std::size_t dimensions) {
  const bool lengths = h.length_scales.size() == dimensions &&
                       std::ranges::all_of(h.length_scales, [](double l) { return l > 0 && std::isfinite(l); });
  const bool warps =
      (h.warps.empty() || h.warps.size() == dimensions) && std::ranges::all_of(h.warps, [](const Warp& warp) {
        return warp.a > 0 && warp.b > 0 && std::isfinite(warp.a) && std::isfinite(warp.b);
      });
  const bool others = h.signal_variance > 0 && std::isfinite(h.signal_variance) && h.noise_variance >= 0 &&
                      std::isfinite(h.noise_variance) && std::isfinite(h.mean);
  if (lengths && warps && others) return {};
  return fail(
      ErrorKind::InvalidInput,
      {.where = "Gaussian process",
       .what = "hyperparameters out of range",
       .expected = fmt::format(
           "{} positive length scales, a positive signal variance, and as many positive warps or none", dimensions)});
}

}  // namespace

double Prediction::standard_deviation() const { return std::sqrt(variance); }

struct GaussianProcess::State {
  Embedding embedding;
  EmbeddedPoints points;
  Standardization standardization;
  Hyperparameters hyperparameters;
  Eigen::VectorXd targets;   // [n], standardized
  Eigen::MatrixXd cholesky;  // [n, n], lower triangle, of K + (noise + jitter) I
  Eigen::VectorXd alpha;     // [n]: (K + noise)^-1 (targets - mean)
  double jitter = 0;
  int evaluations = 0;

  auto factor() const { return cholesky.triangularView<Eigen::Lower>(); }

  void solve_alpha() {
    alpha = targets.array() - hyperparameters.mean;
    factor().solveInPlace(alpha);
    factor().adjoint().solveInPlace(alpha);
  }

  // `coordinates`: of the observations, [n, d].
  Result<void> adopt(Hyperparameters found, std::span<const double> coordinates) {
    if (!found.warps.empty()) {
      embedding = Embedding(embedding.dimensions(), found.warps);
      points = embedding.embed(coordinates);
    }
    hyperparameters = std::move(found);
    return factorize();
  }

  // Jitter grows until the factor exists: duplicates with no noise make the covariance singular.
  Result<void> factorize() {
    const Eigen::MatrixXd covariance = embedding.cross(points, points, hyperparameters).value.matrix();
    const double signal = hyperparameters.signal_variance;
    for (jitter = 0; jitter <= 1e-3 * signal; jitter = std::max(10 * jitter, 1e-12 * signal)) {
      cholesky = covariance;
      cholesky.diagonal().array() += hyperparameters.noise_variance + jitter;
      const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> in_place(cholesky);
      // A pivot of rounding error alone makes the factor useless though it exists.
      if (in_place.info() == Eigen::Success && cholesky.diagonal().minCoeff() > 1e-7 * std::sqrt(signal)) {
        solve_alpha();
        return {};
      }
    }
    return fail(ErrorKind::Internal, {.where = "Gaussian process", .what = "the covariance has no Cholesky factor"});
  }

  Eigen::VectorXd covariances(const EmbeddedPoints& x) const {
    return embedding.cross(points, x, hyperparameters).value.matrix();
  }

  Prediction unstandardized(double mean, double variance) const {
    const double scale = standardization.scale;
    return {standardization.mean + scale * (hyperparameters.mean + mean), scale * scale * std::max(variance, 0.0)};
  }

  void append(const EmbeddedPoints& x, double standardized_target) {
    const Index n = points.size();
    Eigen::VectorXd row = covariances(x);
    factor().solveInPlace(row);
    const double signal = hyperparameters.signal_variance;
    const double pivot = signal + hyperparameters.noise_variance + jitter - row.squaredNorm();
    cholesky.conservativeResize(n + 1, n + 1);
    cholesky.row(n).head(n) = row.transpose();
    cholesky(n, n) = std::sqrt(std::max(pivot, 1e-12 * signal));
    points.append(x);
    targets.conservativeResize(n + 1);
    targets[n] = standardized_target;
    solve_alpha();
  }
};

namespace {

constexpr int kCoarsePoints = 100;  // a search from all the fixed starts sees no more

GradientFunction loss_of(MarginalLikelihood& likelihood) {
  return [&](std::span<const double> x, std::span<double> gradient) {
    const double value = -likelihood.log_posterior(x, gradient);
    for (double& g : gradient) g = -g;
    return value;
  };
}

// A thousandth of a nat in the posterior changes no decision.
MinimizeOptions search_options(const FitOptions& options) {
  return {.max_evaluations = options.max_evaluations, .gradient_tolerance = 1e-2, .relative_tolerance = 1e-5};
}

// Local searches from the best of the fixed starts.
Result<Minimum> search_widely(MarginalLikelihood& likelihood, const FitOptions& options) {
  const GradientFunction loss = loss_of(likelihood);
  auto starts = likelihood.starts(options.min_noise_variance);
  std::vector<double> losses;
  for (const auto& start : starts) losses.push_back(loss(start, {}));
  std::vector<std::size_t> order(starts.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return losses[i]; });
  std::vector<std::vector<double>> best;
  for (int i = 0; i < std::clamp(options.max_starts, 1, static_cast<int>(starts.size())); ++i)
    best.push_back(starts[order[i]]);
  PEGBOX_TRY(Minimum found,
             minimize_from(loss, best, likelihood.bounds(options.min_noise_variance), search_options(options)));
  found.evaluations += static_cast<int>(starts.size());
  return found;
}

struct Fit {
  Hyperparameters hyperparameters;
  int evaluations = 0;
};

// The prior of the parameters [begin, end), with the others held where they are.
NormalPrior prior_of_some(const NormalPrior& prior, std::span<const double> state, std::size_t begin, std::size_t end) {
  NormalPrior some{{state.begin(), state.end()}, std::vector<double>(state.size(), 0.0)};
  for (std::size_t i = begin; i < end; ++i) {
    some.means[i] = prior.means[i];
    some.spreads[i] = prior.spreads[i];
  }
  return some;
}

// The best local maximum found from the fixed starts, on some of the points: a likelihood costs O(n^3).
Result<Minimum> search_coarsely(const std::vector<Dimension>& dimensions, std::span<const double> points,
                                const Eigen::VectorXd& targets, const FitOptions& options) {
  const std::size_t d = dimensions.size();
  std::vector<double> some_points, some_targets;
  for (Index i = 0; i < kCoarsePoints; ++i) {
    const Index row = i * targets.size() / kCoarsePoints;
    const auto point = points.subspan(static_cast<std::size_t>(row) * d, d);
    some_points.insert(some_points.end(), point.begin(), point.end());
    some_targets.push_back(targets[row]);
  }
  MarginalLikelihood coarse(dimensions, some_points, some_targets, options.noise, options.warp_spread);
  return search_widely(coarse, options);
}

// The best local maximum found. With many points one local search on all goes on from a coarse one.
Result<Fit> maximize_posterior(const std::vector<Dimension>& dimensions, std::span<const double> points,
                               const Eigen::VectorXd& targets, const FitOptions& options) {
  MarginalLikelihood likelihood(dimensions, points, {targets.data(), static_cast<std::size_t>(targets.size())},
                                options.noise, options.warp_spread);
  if (targets.size() <= kCoarsePoints * 5 / 4) {
    PEGBOX_TRY(const Minimum found, search_widely(likelihood, options));
    return Fit{likelihood.unpack(found.x), found.evaluations};
  }
  PEGBOX_TRY(const Minimum start, search_coarsely(dimensions, points, targets, options));
  PEGBOX_TRY(const Minimum found, minimize(loss_of(likelihood), start.x, likelihood.bounds(options.min_noise_variance),
                                           search_options(options)));
  return Fit{likelihood.unpack(found.x), start.evaluations + found.evaluations};
}

}  // namespace

GaussianProcess::GaussianProcess(std::unique_ptr<State> state) : state_(std::move(state)) {}
GaussianProcess::GaussianProcess(const GaussianProcess& other) : state_(std::make_unique<State>(*other.state_)) {}
GaussianProcess::GaussianProcess(GaussianProcess&&) noexcept = default;
GaussianProcess& GaussianProcess::operator=(const GaussianProcess& other) {
  if (this != &other) state_ = std::make_unique<State>(*other.state_);
  return *this;
}
GaussianProcess& GaussianProcess::operator=(GaussianProcess&&) noexcept = default;
GaussianProcess::~GaussianProcess() = default;

Result<GaussianProcess> GaussianProcess::prepare(std::vector<Dimension> dimensions, std::span<const double> points,
                                                 std::span<const double> targets) {
  PEGBOX_CHECK(check_points(dimensions, points));
  PEGBOX_CHECK(check_targets(targets, points.size(), dimensions.size()));
  auto state = std::make_unique<State>(State{.embedding = Embedding(std::move(dimensions))});
  state->points = state->embedding.embed(points);
  state->standardization = standardization_of(targets);
  const auto& [mean, scale] = state->standardization;
  state->targets = (Eigen::Map<const Eigen::ArrayXd>(targets.data(), targets.size()) - mean) / scale;
  return GaussianProcess(std::move(state));
}

Result<GaussianProcess> GaussianProcess::fit(std::vector<Dimension> dimensions, std::span<const double> points,
                                             std::span<const double> targets, const FitOptions& options) {
  PEGBOX_TRY(GaussianProcess process, prepare(std::move(dimensions), points, targets));
  State& state = *process.state_;
  PEGBOX_TRY(Fit found, maximize_posterior(state.embedding.dimensions(), points, state.targets, options));
  state.evaluations = found.evaluations;
  PEGBOX_CHECK(state.adopt(std::move(found.hyperparameters), points));
  return process;
}

Result<std::vector<Hyperparameters>> GaussianProcess::sample(std::vector<Dimension> dimensions,
                                                             std::span<const double> points,
                                                             std::span<const double> targets,
                                                             const Hyperparameters& start,
                                                             const SampleOptions& options) {
  PEGBOX_CHECK(check_hyperparameters(start, dimensions.size()));
  PEGBOX_TRY(const GaussianProcess process, prepare(std::move(dimensions), points, targets));
  const State& data = *process.state_;
  MarginalLikelihood likelihood(data.embedding.dimensions(), points, {data.targets.data(), targets.size()},
                                options.noise, options.warp_spread);
  const NormalPrior prior{likelihood.prior_means(), likelihood.prior_spreads()};
  const Box box = likelihood.bounds(FitOptions{}.min_noise_variance);
  const auto within = [&](std::span<const double> x) {
    for (std::size_t i = 0; i < x.size(); ++i)
      if (x[i] < box.low[i] || x[i] > box.high[i]) return -std::numeric_limits<double>::infinity();
    return likelihood.log_likelihood(x);
  };
  std::vector<double> state = likelihood.pack(start);
  double log_likelihood = likelihood.log_likelihood(state);
  Rng rng({.seed = 0, .stream = stream_id("hyperparameters"), .trial = targets.size()});
  const std::size_t plain = likelihood.plain_parameters();
  std::vector<Hyperparameters> draws;
  for (int i = 0; i < options.count; ++i) {
    for (int step = 0; step < options.steps_each; ++step)
      // Warps by themselves: on one ellipse with them the others would hardly move.
      for (const auto& [begin, end] : {std::pair(std::size_t{0}, plain), std::pair(plain, state.size())})
        if (begin < end)
          elliptical_slice_step(within, prior_of_some(prior, state, begin, end), rng, state, log_likelihood);
    draws.push_back(likelihood.unpack(state));
  }
  return draws;
}

Result<GaussianProcess> GaussianProcess::with(std::vector<Dimension> dimensions, std::span<const double> points,
                                              std::span<const double> targets, Hyperparameters hyperparameters) {
  PEGBOX_CHECK(check_hyperparameters(hyperparameters, dimensions.size()));
  PEGBOX_TRY(GaussianProcess process, prepare(std::move(dimensions), points, targets));
  PEGBOX_CHECK(process.state_->adopt(std::move(hyperparameters), points));
  return process;
}

Result<void> GaussianProcess::append(std::span<const double> point, double target) {
  PEGBOX_CHECK(check_points(dimension_kinds(), point));
  PEGBOX_CHECK(check_targets({&target, 1}, point.size(), dimension_kinds().size()));
  const auto& [mean, scale] = state_->standardization;
  state_->append(state_->embedding.embed(point), (target - mean) / scale);
  return {};
}

Result<void> GaussianProcess::append_pending(std::span<const double> point) {
  PEGBOX_CHECK(check_points(dimension_kinds(), point));
  const double believed = 0;
  PEGBOX_CHECK(check_targets({&believed, 1}, point.size(), dimension_kinds().size()));
  const EmbeddedPoints x = state_->embedding.embed(point);
  state_->append(x, state_->hyperparameters.mean + state_->covariances(x).dot(state_->alpha));
  return {};
}

void GaussianProcess::shift_targets(std::span<const double> changes) {
  assert(std::ssize(changes) == size());
  state_->targets.array() +=
      Eigen::Map<const Eigen::ArrayXd>(changes.data(), changes.size()) / state_->standardization.scale;
  state_->solve_alpha();
}

Prediction GaussianProcess::predict(std::span<const double> point) const { return predict_all(point)[0]; }

std::vector<Prediction> GaussianProcess::predict_all(std::span<const double> points) const {
  assert(check_points(dimension_kinds(), points));
  const EmbeddedPoints x = state_->embedding.embed(points);
  Eigen::MatrixXd k = state_->embedding.cross(state_->points, x, state_->hyperparameters).value.matrix();  // [n, m]
  const Eigen::VectorXd means = k.transpose() * state_->alpha;
  state_->factor().solveInPlace(k);
  std::vector<Prediction> predictions;
  for (Index i = 0; i < x.size(); ++i)
    predictions.push_back(
        state_->unstandardized(means[i], state_->hyperparameters.signal_variance - k.col(i).squaredNorm()));
  return predictions;
}

std::vector<double> GaussianProcess::mean_all(std::span<const double> points) const {
  assert(check_points(dimension_kinds(), points));
  constexpr std::size_t kChunk = 256;  // points at a time, so that the covariances stay in the cache
  const std::size_t d = dimension_kinds().size();
  std::vector<double> means;
  for (std::size_t begin = 0; begin < points.size(); begin += kChunk * d) {
    const EmbeddedPoints x =
        state_->embedding.embed(points.subspan(begin, std::min(kChunk * d, points.size() - begin)));
    const Eigen::VectorXd chunk =
        state_->embedding.cross(state_->points, x, state_->hyperparameters).value.matrix().transpose() * state_->alpha;
    for (double mean : chunk) means.push_back(state_->unstandardized(mean, 0).mean);
  }
  return means;
}

JointPrediction GaussianProcess::predict_jointly(std::span<const double> points) const {
  assert(check_points(dimension_kinds(), points));
  const EmbeddedPoints x = state_->embedding.embed(points);
  Eigen::MatrixXd k = state_->embedding.cross(state_->points, x, state_->hyperparameters).value.matrix();  // [n, m]
  const Eigen::VectorXd means = k.transpose() * state_->alpha;
  state_->factor().solveInPlace(k);
  const double scale = state_->standardization.scale;
  const Eigen::MatrixXd prior = state_->embedding.cross(x, x, state_->hyperparameters).value.matrix();
  const Eigen::MatrixXd covariance = scale * scale * (prior - k.transpose() * k);
  JointPrediction joint{{}, {covariance.data(), covariance.data() + covariance.size()}};
  for (const double mean : means) joint.means.push_back(state_->unstandardized(mean, 0).mean);
  for (Index i = 0; i < covariance.rows(); ++i) {
    double& variance = joint.covariances[static_cast<std::size_t>(i * (covariance.rows() + 1))];
    variance = std::max(variance, 0.0);
  }
  return joint;
}

PredictionGradient GaussianProcess::predict_with_gradient(std::span<const double> point) const {
  assert(check_points(dimension_kinds(), point));
  const EmbeddedPoints x = state_->embedding.embed(point);
  const KernelValues k = state_->embedding.cross(state_->points, x, state_->hyperparameters);
  Eigen::VectorXd beta = k.value.matrix();  // becomes K^-1 k
  const double mean = beta.dot(state_->alpha);
  state_->factor().solveInPlace(beta);
  const double variance = state_->hyperparameters.signal_variance - beta.squaredNorm();
  state_->factor().adjoint().solveInPlace(beta);

  const double scale = state_->standardization.scale;
  const auto gradient = [&](const Eigen::VectorXd& weights, double factor) {
    const Eigen::VectorXd coefficients = factor * weights.array() * k.slope.col(0);
    return state_->embedding.gradient(state_->points, point, state_->hyperparameters, coefficients);
  };
  return {state_->unstandardized(mean, variance), gradient(state_->alpha, scale), gradient(beta, -2 * scale * scale)};
}

PredictionGradient GaussianProcess::mean_with_gradient(std::span<const double> point) const {
  assert(check_points(dimension_kinds(), point));
  const KernelValues k =
      state_->embedding.cross(state_->points, state_->embedding.embed(point), state_->hyperparameters);
  const Eigen::VectorXd coefficients = target_scale() * state_->alpha.array() * k.slope.col(0);
  return {state_->unstandardized(k.value.matrix().col(0).dot(state_->alpha), 0),
          state_->embedding.gradient(state_->points, point, state_->hyperparameters, coefficients),
          std::vector<double>(point.size(), 0.0)};
}

std::vector<double> GaussianProcess::mean_at_observations() const {
  // K alpha = targets - mean - (noise + jitter) alpha
  const double noise = state_->hyperparameters.noise_variance + state_->jitter;
  std::vector<double> means;
  for (Index i = 0; i < state_->points.size(); ++i)
    means.push_back(target_mean() + target_scale() * (state_->targets[i] - noise * state_->alpha[i]));
  return means;
}

int GaussianProcess::size() const { return static_cast<int>(state_->points.size()); }
int GaussianProcess::dimensions() const { return static_cast<int>(dimension_kinds().size()); }
const std::vector<Dimension>& GaussianProcess::dimension_kinds() const { return state_->embedding.dimensions(); }
const Hyperparameters& GaussianProcess::hyperparameters() const { return state_->hyperparameters; }
double GaussianProcess::noise_variance() const {
  return state_->hyperparameters.noise_variance * state_->standardization.scale * state_->standardization.scale;
}
double GaussianProcess::target_mean() const { return state_->standardization.mean; }
double GaussianProcess::target_scale() const { return state_->standardization.scale; }
int GaussianProcess::evaluations() const { return state_->evaluations; }
const Embedding& GaussianProcess::embedding() const { return state_->embedding; }
const EmbeddedPoints& GaussianProcess::embedded_points() const { return state_->points; }

double GaussianProcess::log_marginal_likelihood() const {
  const Eigen::VectorXd residual = state_->targets.array() - state_->hyperparameters.mean;
  return -0.5 * residual.dot(state_->alpha) - state_->cholesky.diagonal().array().log().sum() -
         0.5 * size() * std::log(2 * EIGEN_PI);
}

}  // namespace pegbox::math
