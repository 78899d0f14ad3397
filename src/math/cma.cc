// CMA: update equations of the covariance matrix adaptation evolution strategy, with margins.
#include "math/cma.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "math/normal.h"

namespace pegbox::math {
namespace {

constexpr double kLeastChance = 1e-10;  // of a side, for quantiles that stay finite

/// The distance of the upper quantile `chance` of a normal from its mean, in standard deviations.
double tail_distance(double chance) { return -normal_quantile(std::clamp(chance, kLeastChance, 0.5 - kLeastChance)); }

}  // namespace

int cma_population(int dimensions) { return 4 + static_cast<int>(3 * std::log(std::max(1, dimensions))); }

Cma::Cma(const Start& start) : population_(start.population), thresholds_(start.thresholds) {
  const auto d = static_cast<Eigen::Index>(start.mean.size());
  assert(d > 0 && start.spreads.size() == start.mean.size() && population_ >= 4);
  thresholds_.resize(start.mean.size());
  mean_ = Eigen::Map<const Eigen::VectorXd>(start.mean.data(), d);
  const Eigen::VectorXd spreads = Eigen::Map<const Eigen::VectorXd>(start.spreads.data(), d);
  sigma_ = std::sqrt(spreads.squaredNorm() / static_cast<double>(d));
  covariance_ = (spreads / sigma_).cwiseAbs2().asDiagonal();
  margins_ = Eigen::VectorXd::Ones(d);
  path_c_ = path_sigma_ = Eigen::VectorXd::Zero(d);
  set_parameters();
  decompose();
}

/// Table 1 of the tutorial.
void Cma::set_parameters() {
  const double n = dimensions(), lambda = population_;
  parents_ = population_ / 2;
  weights_.resize(population_);
  for (int i = 0; i < population_; ++i) weights_[i] = std::log((lambda + 1) / 2) - std::log(i + 1);
  const auto squared_sum_over_squares = [](const auto& part) { return part.sum() * part.sum() / part.squaredNorm(); };
  mu_eff_ = squared_sum_over_squares(weights_.head(parents_));
  const double mu_eff_minus = squared_sum_over_squares(weights_.tail(population_ - parents_));
  c_1_ = 2 / ((n + 1.3) * (n + 1.3) + mu_eff_);
  c_mu_ = std::min(1 - c_1_, 2 * (mu_eff_ - 2 + 1 / mu_eff_) / ((n + 2) * (n + 2) + mu_eff_));
  c_c_ = (4 + mu_eff_ / n) / (n + 4 + 2 * mu_eff_ / n);
  c_sigma_ = (mu_eff_ + 2) / (n + mu_eff_ + 5);
  d_sigma_ = 1 + 2 * std::max(0.0, std::sqrt((mu_eff_ - 1) / (n + 1)) - 1) + c_sigma_;
  expected_norm_ = std::sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));

  const double positive = weights_.cwiseMax(0.0).sum(), negative = -weights_.cwiseMin(0.0).sum();
  const double negative_sum =
      std::min({1 + c_1_ / c_mu_, 1 + 2 * mu_eff_minus / (mu_eff_ + 2), (1 - c_1_ - c_mu_) / (n * c_mu_)});
  for (double& weight : weights_) weight *= weight >= 0 ? 1 / positive : negative_sum / negative;
}

void Cma::decompose() {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance_);
  basis_ = solver.eigenvectors();
  scales_ = solver.eigenvalues().cwiseMax(1e-300).cwiseSqrt();
}

double Cma::spread(int axis) const { return sigma_ * margins_[axis] * std::sqrt(covariance_(axis, axis)); }

double Cma::largest_spread() const { return sigma_ * scales_.maxCoeff(); }

double Cma::condition() const {
  const double ratio = scales_.maxCoeff() / scales_.minCoeff();
  return ratio * ratio;
}

std::vector<double> Cma::sample(std::span<const double> normal) const {
  const Eigen::Map<const Eigen::VectorXd> z(normal.data(), mean_.size());
  const Eigen::VectorXd x = mean_ + sigma_ * margins_.cwiseProduct(basis_ * scales_.cwiseProduct(z));
  return {x.begin(), x.end()};
}

void Cma::update(std::span<const double> ranked, std::span<const std::uint8_t> active) {
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Index d = mean_.size();
  const double n = dimensions();
  assert(ranked.size() == static_cast<std::size_t>(population_ * d));
  const Eigen::Map<const Rows> x(ranked.data(), population_, d);
  const Eigen::MatrixXd y =  // [d, lambda]
      (margins_ * sigma_).cwiseInverse().asDiagonal() * (x.rowwise() - mean_.transpose()).transpose();
  const Eigen::VectorXd step = y.leftCols(parents_) * weights_.head(parents_);
  ++generation_;

  Eigen::VectorXd move = step;
  if (!active.empty()) {
    const Eigen::Map<const Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> tried(
        active.data(), population_, d);
    const Eigen::MatrixXd seen = y.cwiseProduct(tried.transpose().cast<double>());
    move = seen.leftCols(parents_) * weights_.head(parents_);
  }
  mean_ += sigma_ * move;

  const Eigen::MatrixXd inverse_root = basis_ * scales_.cwiseInverse().asDiagonal() * basis_.transpose();  // C^-1/2
  path_sigma_ = (1 - c_sigma_) * path_sigma_ + std::sqrt(c_sigma_ * (2 - c_sigma_) * mu_eff_) * (inverse_root * step);
  const double norm = path_sigma_.norm();
  sigma_ *= std::exp(c_sigma_ / d_sigma_ * (norm / expected_norm_ - 1));

  const double left = norm / std::sqrt(1 - std::pow(1 - c_sigma_, 2 * (generation_ + 1)));
  const double h = left < (1.4 + 2 / (n + 1)) * expected_norm_ ? 1 : 0;
  path_c_ = (1 - c_c_) * path_c_ + h * std::sqrt(c_c_ * (2 - c_c_) * mu_eff_) * step;

  Eigen::VectorXd weights = weights_;
  const Eigen::VectorXd lengths = (inverse_root * y).colwise().squaredNorm();
  for (int i = 0; i < population_; ++i)
    if (weights[i] < 0) weights[i] *= n / std::max(lengths[i], 1e-300);
  const double kept = 1 + c_1_ * (1 - h) * c_c_ * (2 - c_c_) - c_1_ - c_mu_ * weights_.sum();
  covariance_ =
      kept * covariance_ + c_1_ * path_c_ * path_c_.transpose() + c_mu_ * y * weights.asDiagonal() * y.transpose();
  covariance_ = (covariance_ + covariance_.transpose()).eval() / 2;
  decompose();
  correct_margins();
}

void Cma::correct_margins() {
  const double margin = 1.0 / (dimensions() * population_);
  for (int axis = 0; axis < dimensions(); ++axis) {
    const auto& thresholds = thresholds_[static_cast<std::size_t>(axis)];
    if (thresholds.empty()) continue;
    const auto above = std::ranges::lower_bound(thresholds, mean_[axis]);
    const double high = above == thresholds.end() ? thresholds.back() : *above;
    const double low = above == thresholds.begin() ? thresholds.front() : *(above - 1);
    const double low_chance = normal_cdf((low - mean_[axis]) / spread(axis));
    const double high_chance = normal_cdf((mean_[axis] - high) / spread(axis));
    if (std::max(low_chance, high_chance) > 0.5) {
      if (std::min(low_chance, high_chance) < margin) keep_near(axis, high, margin);
    } else {
      keep_between(axis, low, high, low_chance, high_chance);
    }
  }
}

/// The mean's value is the first or the last: the mean may go no farther than where its one neighbour has the margin.
void Cma::keep_near(int axis, double threshold, double margin) {
  const double distance = spread(axis) * tail_distance(margin);
  mean_[axis] = threshold + (mean_[axis] > threshold ? distance : -distance);
}

/// Values lie to both sides: each side gets at least half the margin, taken in proportion from what has more.
void Cma::keep_between(int axis, double low, double high, double low_chance, double high_chance) {
  const double least = 0.5 / (dimensions() * population_), middle = 1 - low_chance - high_chance;
  const double raised_low = std::max(low_chance, least), raised_high = std::max(high_chance, least);
  const double excess = 1 - raised_low - raised_high - middle;  // at most 0
  const double part = excess / (raised_low + raised_high + middle - 3 * least);
  const double low_distance = tail_distance(raised_low + part * (raised_low - least));
  const double high_distance = tail_distance(raised_high + part * (raised_high - least));
  margins_[axis] = (high - low) / ((low_distance + high_distance) * sigma_ * std::sqrt(covariance_(axis, axis)));
  mean_[axis] = (low * high_distance + high * low_distance) / (low_distance + high_distance);
}

}  // namespace pegbox::math
