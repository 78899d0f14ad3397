// Likelihood times prior of hyperparameters: one pass over pairs for the covariance, one for the gradient.
#include "math/marginal_likelihood.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

#include "math/normal.h"

namespace pegbox::math {
namespace {

using Eigen::Index;

constexpr double kLogTwoPi = 1.83787706640934548356;
constexpr double kLengthSpread = std::numbers::sqrt3;
constexpr double kSignalSpread = 0.5, kMeanSpread = 1;
constexpr double kMinLength = 0.02, kMaxLength = 1e4;
constexpr double kMostWarp = 1.6;  // of |log a| and |log b|: a factor of 5

double length_centre(int dimensions) { return std::numbers::sqrt2 + 0.5 * std::log(dimensions); }

// log density of a LogNormal's plain value v at log v, without its constant, and the derivative by log v.
ValueAndSlope log_normal_density(double log_value, double centre, double spread) {
  const double standard = (log_value - centre) / spread;
  return {-log_value - 0.5 * standard * standard, -1 - standard / spread};
}

ValueAndSlope normal_density(double value, double spread) {
  const double standard = value / spread;
  return {-0.5 * standard * standard, -standard / spread};
}

// Adds the inverse of lower[begin, end) in place of it, by halves: [A 0; B C]^-1 = [A^-1 0; -C^-1 B A^-1, C^-1].
void invert_block(Eigen::MatrixXd& lower, Index begin, Index count) {
  if (count <= 32) {
    const Eigen::MatrixXd block = lower.block(begin, begin, count, count);
    auto out = lower.block(begin, begin, count, count);
    out.setIdentity();
    block.triangularView<Eigen::Lower>().solveInPlace(out);
    return;
  }
  const Index first = count / 2, second = count - first;
  invert_block(lower, begin, first);
  invert_block(lower, begin + first, second);
  auto corner = lower.block(begin + first, begin, second, first);
  const Eigen::MatrixXd product = corner * lower.block(begin, begin, first, first).triangularView<Eigen::Lower>();
  corner.noalias() =
      lower.block(begin + first, begin + first, second, second).triangularView<Eigen::Lower>() * -product;
}

}  // namespace

Eigen::MatrixXd inverse_of_lower(const Eigen::MatrixXd& lower) {
  Eigen::MatrixXd inverse = lower.triangularView<Eigen::Lower>();
  invert_block(inverse, 0, inverse.rows());
  return inverse;
}

Eigen::MatrixXd gram_of_lower(const Eigen::MatrixXd& lower) {
  constexpr Index kBlock = 48;
  const Index n = lower.rows();
  Eigen::MatrixXd gram(n, n);
  for (Index begin = 0; begin < n; begin += kBlock) {
    const Index count = std::min(kBlock, n - begin), rest = n - begin;
    gram.block(begin, 0, count, begin + count).noalias() =
        lower.block(begin, begin, rest, count).transpose() * lower.block(begin, 0, rest, begin + count);
  }
  return gram;
}

MarginalLikelihood::MarginalLikelihood(const std::vector<Dimension>& dimensions, std::span<const double> points,
                                       std::span<const double> targets, const NoisePrior& noise, double warp_spread)
    : dimensions_(static_cast<int>(dimensions.size())),
      noise_(noise),
      warp_spread_(warp_spread),
      embedding_(dimensions),
      points_(embedding_.embed(points)),
      targets_(Eigen::Map<const Eigen::VectorXd>(targets.data(), targets.size())),
      categorical_(embedding_.categorical_columns()) {
  const Index n = points_.size(), pairs = n * (n - 1) / 2;
  for (int j : embedding_.real_columns())
    if (real_.empty() || real_.back() != j) real_.push_back(j);
  if (warp_spread > 0) {
    warped_ = real_;
    warp_parameters_.assign(2 * real_.size(), 0.0);
    embedding_ = Embedding(dimensions, std::vector<Warp>(dimensions.size()));
    points_ = embedding_.embed(points);
    raw_.assign(points.begin(), points.end());
  }
  real_differences_.resize(pairs, real_.size());
  categorical_differences_.resize(pairs, categorical_.size());
  covariance_.resize(n, n);
  fill_real_differences();
  for (Index k = 0, begin = 0; k + 1 < n; begin += n - 1 - k, ++k) {
    const Index count = n - 1 - k;
    for (Index column = 0; column < points_.categorical.cols(); ++column)
      categorical_differences_.col(column).segment(begin, count) =
          (points_.categorical.col(column).tail(count).array() != points_.categorical(k, column)).cast<double>();
  }
}

void MarginalLikelihood::fill_real_differences() {
  const Index n = points_.size();
  real_differences_.setZero();
  for (Index k = 0, begin = 0; k + 1 < n; begin += n - 1 - k, ++k) {
    const Index count = n - 1 - k;
    Index out = -1;
    for (Index column = 0; column < points_.real.cols(); ++column) {
      const int j = embedding_.real_columns()[column];
      if (column == 0 || embedding_.real_columns()[column - 1] != j) ++out;
      real_differences_.col(out).segment(begin, count).array() +=
          (points_.real.col(column).tail(count).array() - points_.real(k, column)).square();
    }
  }
}

void MarginalLikelihood::follow_warps(std::span<const double> parameters) {
  if (std::ranges::equal(parameters.subspan(plain_parameters()), warp_parameters_)) return;
  warp_parameters_.assign(parameters.begin() + static_cast<std::ptrdiff_t>(plain_parameters()), parameters.end());
  embedding_ = Embedding(embedding_.dimensions(), warps(parameters));
  points_ = embedding_.embed(raw_);
  fill_real_differences();
}

std::vector<Warp> MarginalLikelihood::warps(std::span<const double> parameters) const {
  if (warped_.empty()) return {};
  std::vector<Warp> warps(dimensions_);
  for (std::size_t c = 0; c < warped_.size(); ++c) {
    const std::size_t at = dimensions_ + 3 + 2 * c;
    warps[warped_[c]] = {std::exp(parameters[at]), std::exp(parameters[at + 1])};
  }
  return warps;
}

Hyperparameters MarginalLikelihood::unpack(std::span<const double> parameters) const {
  const std::size_t d = dimensions_;
  Hyperparameters result;
  for (std::size_t j = 0; j < d; ++j) result.length_scales.push_back(std::exp(parameters[j]));
  result.signal_variance = std::exp(parameters[d]);
  result.noise_variance = std::exp(parameters[d + 1]);
  result.mean = parameters[d + 2];
  result.warps = warps(parameters);
  return result;
}

std::vector<double> MarginalLikelihood::pack(const Hyperparameters& hyperparameters) const {
  std::vector<double> parameters;
  for (double length : hyperparameters.length_scales) parameters.push_back(std::log(length));
  parameters.push_back(std::log(hyperparameters.signal_variance));
  parameters.push_back(std::log(hyperparameters.noise_variance));
  parameters.push_back(hyperparameters.mean);
  for (const int j : warped_) {
    const Warp warp = hyperparameters.warps.empty() ? Warp{} : hyperparameters.warps[j];
    parameters.insert(parameters.end(), {std::log(warp.a), std::log(warp.b)});
  }
  return parameters;
}

Box MarginalLikelihood::bounds(double min_noise_variance) const {
  Box box{std::vector<double>(dimensions_, std::log(kMinLength)),
          std::vector<double>(dimensions_, std::log(kMaxLength))};
  for (auto [low, high] :
       {std::pair{std::log(1e-3), std::log(1e3)}, {std::log(min_noise_variance), std::log(4.0)}, {-5.0, 5.0}}) {
    box.low.push_back(low);
    box.high.push_back(high);
  }
  box.low.resize(parameters(), -kMostWarp);
  box.high.resize(parameters(), kMostWarp);
  return box;
}

std::vector<std::vector<double>> MarginalLikelihood::starts(double min_noise_variance) const {
  const double mode = length_centre(dimensions_) - kLengthSpread * kLengthSpread;
  std::vector<std::vector<double>> starts;
  for (double log_length : {mode, mode + 1.5, mode - 1.0})
    for (double noise : {1e-3, 1e-1}) {
      std::vector<double> start(dimensions_, log_length);
      start.insert(start.end(), {0.0, std::log(std::max(noise, min_noise_variance)), 0.0});
      start.resize(parameters(), 0.0);
      starts.push_back(std::move(start));
    }
  return starts;
}

double MarginalLikelihood::log_prior(std::span<const double> parameters, std::span<double> gradient) const {
  const int d = dimensions_;
  double sum = 0;
  const auto add = [&](int i, const ValueAndSlope& density) {
    sum += density.value;
    if (!gradient.empty()) gradient[i] = density.slope;
  };
  for (int j = 0; j < d; ++j) add(j, log_normal_density(parameters[j], length_centre(d), kLengthSpread));
  add(d, normal_density(parameters[d], kSignalSpread));
  add(d + 1, log_normal_density(parameters[d + 1], noise_.centre, noise_.spread));
  add(d + 2, normal_density(parameters[d + 2], kMeanSpread));
  for (int i = d + 3; i < this->parameters(); ++i) add(i, normal_density(parameters[i], warp_spread_));
  return sum;
}

void MarginalLikelihood::fill_covariance(std::span<const double> parameters) {
  const Index n = targets_.size();
  follow_warps(parameters);
  const auto weights = [&](const std::vector<int>& dimensions) {
    Eigen::VectorXd result(dimensions.size());
    for (std::size_t c = 0; c < dimensions.size(); ++c) result[c] = std::exp(-2 * parameters[dimensions[c]]);
    return result;
  };
  const double signal = std::exp(parameters[dimensions_]), noise = std::exp(parameters[dimensions_ + 1]);
  const Eigen::VectorXd r_squared = real_differences_ * weights(real_);
  const Eigen::VectorXd q = categorical_differences_ * weights(categorical_);
  values_ = kernel_values(r_squared.array(), q.array(), signal);
  covariance_.diagonal().setConstant(signal + noise);
  for (Index k = 0, begin = 0; k + 1 < n; begin += n - 1 - k, ++k)
    covariance_.col(k).tail(n - 1 - k) = values_.value.col(0).segment(begin, n - 1 - k).matrix();
}

// d log p / d theta = sum over i, k of G_ik dK_ik / d theta with G = (alpha alpha^T - K^-1) / 2.
void MarginalLikelihood::add_gradient(std::span<const double> parameters, const Eigen::VectorXd& alpha,
                                      std::span<double> gradient) {
  const Index n = targets_.size();
  const Eigen::MatrixXd inverse = gram_of_lower(inverse_of_lower(covariance_));
  Eigen::VectorXd pair_weights(values_.value.rows());  // 2 G_ik: both triangles
  for (Index k = 0, begin = 0; k + 1 < n; begin += n - 1 - k, ++k)
    pair_weights.segment(begin, n - 1 - k) = alpha[k] * alpha.tail(n - 1 - k) - inverse.col(k).tail(n - 1 - k);
  const double diagonal = 0.5 * (alpha.squaredNorm() - inverse.diagonal().sum());

  const Eigen::VectorXd by_value = pair_weights.cwiseProduct(values_.value.matrix());
  const Eigen::VectorXd by_slope = pair_weights.cwiseProduct(values_.slope.matrix());
  const Eigen::VectorXd real = real_differences_.transpose() * by_slope;
  const Eigen::VectorXd categorical = categorical_differences_.transpose() * by_value;
  for (std::size_t c = 0; c < real_.size(); ++c)
    gradient[real_[c]] -= 2 * std::exp(-2 * parameters[real_[c]]) * real[c];
  for (std::size_t c = 0; c < categorical_.size(); ++c)
    gradient[categorical_[c]] += 2 * std::exp(-2 * parameters[categorical_[c]]) * categorical[c];
  gradient[dimensions_] += by_value.sum() + diagonal * std::exp(parameters[dimensions_]);
  gradient[dimensions_ + 1] += diagonal * std::exp(parameters[dimensions_ + 1]);
  gradient[dimensions_ + 2] += alpha.sum();
  if (!warped_.empty()) add_warp_gradient(parameters, by_slope, gradient);
}

// With P_ik = d log p / d r^2_ik and W the embedded points: d log p / d W = 2 (diag(P 1) W - P W) / l^2.
void MarginalLikelihood::add_warp_gradient(std::span<const double> parameters, const Eigen::VectorXd& by_slope,
                                           std::span<double> gradient) const {
  const Index n = targets_.size();
  Eigen::MatrixXd pairs = Eigen::MatrixXd::Zero(n, n);
  for (Index k = 0, begin = 0; k + 1 < n; begin += n - 1 - k, ++k)
    pairs.col(k).tail(n - 1 - k) = by_slope.segment(begin, n - 1 - k);
  const Eigen::VectorXd sums = pairs.rowwise().sum() + pairs.colwise().sum().transpose();
  const Eigen::MatrixXd by_place =
      sums.asDiagonal() * points_.real - pairs.selfadjointView<Eigen::Lower>() * points_.real;
  const WarpGradients places = embedding_.warp_gradients(raw_);
  Index at = dimensions_ + 1;  // of the warp before the first one
  for (Index column = 0; column < by_place.cols(); ++column) {
    const int j = embedding_.real_columns()[column];
    if (column == 0 || embedding_.real_columns()[column - 1] != j) at += 2;
    const double weight = 2 * std::exp(-2 * parameters[j]);
    gradient[at] += weight * by_place.col(column).dot(places.by_log_a.col(column));
    gradient[at + 1] += weight * by_place.col(column).dot(places.by_log_b.col(column));
  }
}

// The logarithm; alpha becomes K^-1 (targets - mean), and covariance_ its Cholesky factor.
double MarginalLikelihood::likelihood(std::span<const double> parameters, Eigen::VectorXd& alpha) {
  assert(static_cast<int>(parameters.size()) == this->parameters());
  fill_covariance(parameters);
  const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> cholesky(covariance_);  // in place
  if (cholesky.info() != Eigen::Success) return -std::numeric_limits<double>::infinity();
  const Eigen::VectorXd residual = targets_.array() - parameters[dimensions_ + 2];
  alpha = cholesky.solve(residual);
  return -0.5 * residual.dot(alpha) - covariance_.diagonal().array().log().sum() -
         0.5 * static_cast<double>(targets_.size()) * kLogTwoPi;
}

double MarginalLikelihood::log_likelihood(std::span<const double> parameters) {
  Eigen::VectorXd alpha;
  return likelihood(parameters, alpha);
}

double MarginalLikelihood::log_posterior(std::span<const double> parameters, std::span<double> gradient) {
  Eigen::VectorXd alpha;
  const double log_likelihood = likelihood(parameters, alpha);
  if (std::isinf(log_likelihood)) return log_likelihood;
  const double result = log_likelihood + log_prior(parameters, gradient);
  if (!gradient.empty()) add_gradient(parameters, alpha, gradient);
  return result;
}

std::vector<double> MarginalLikelihood::prior_means() const {
  std::vector<double> means(dimensions_, length_centre(dimensions_));
  means.insert(means.end(), {0.0, noise_.centre, 0.0});
  means.resize(parameters(), 0.0);
  return means;
}

std::vector<double> MarginalLikelihood::prior_spreads() const {
  std::vector<double> spreads(dimensions_, kLengthSpread);
  spreads.insert(spreads.end(), {kSignalSpread, noise_.spread, kMeanSpread});
  spreads.resize(parameters(), warp_spread_);
  return spreads;
}

}  // namespace pegbox::math
