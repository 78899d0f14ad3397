// MarginalLikelihood: the logarithm of likelihood times prior of a Gaussian process's hyperparameters, with its
// gradient. Internal to this room.
//
// Parameters: [log l_1 ... log l_d, log s^2, log noise variance, mean], and with warps [log a, log b] of each real
// dimension. Priors: densities of the plain length scales and noise variance, of the parameters for the others.
//   length scales  LogNormal(sqrt(2) + log(d) / 2, sqrt(3))   Hvarfner et al. 2024 (arXiv 2402.02229)
//   noise          LogNormal(-4, 1), unless told another      as in BoTorch 0.12, whose models follow that paper
//   log s^2        Normal(0, 0.5)                             targets are standardized, so s^2 is about 1; on Hartmann,
//                                                             Ackley, Levy and Rosenbrock functions 0.5 found better
//                                                             minima than 0.02 (fixed) and 1
//   mean           Normal(0, 1)
//   log a, log b   Normal(0, as told)                         around no warp (Snoek et al., arXiv 1402.0929,
//   section 3.4)
#pragma once

#include <Eigen/Dense>
#include <span>

#include "math/embedding.h"
#include "math/minimize.h"

namespace pegbox::math {

class MarginalLikelihood {
 public:
  /// Computes all pairs' squared differences, n (n - 1) / 2 * d doubles, once, or with warps for every likelihood.
  /// `points` [n, d] are valid, `targets` standardized. Real dimensions are warped where `warp_spread` > 0, the
  /// deviation of log a and log b.
  MarginalLikelihood(const std::vector<Dimension>& dimensions, std::span<const double> points,
                     std::span<const double> targets, const NoisePrior& noise = {}, double warp_spread = 0);

  std::size_t plain_parameters() const { return static_cast<std::size_t>(dimensions_) + 3; }  ///< before the warps'
  int parameters() const { return dimensions_ + 3 + 2 * static_cast<int>(warped_.size()); }

  /// log p(targets | parameters) + log prior; -inf where the covariance has no Cholesky factor. Writes its gradient
  /// unless `gradient` is empty.
  double log_posterior(std::span<const double> parameters, std::span<double> gradient);

  /// log p(targets | parameters) alone; -inf as above.
  double log_likelihood(std::span<const double> parameters);

  /// The priors as normal distributions of the parameters, each by itself.
  std::vector<double> prior_means() const;
  std::vector<double> prior_spreads() const;

  /// The search's box; noise variance from `min_noise_variance` to 4.
  Box bounds(double min_noise_variance) const;
  /// Fixed starts: short, medium and long length scales, each with little and with much noise.
  std::vector<std::vector<double>> starts(double min_noise_variance) const;

  Hyperparameters unpack(std::span<const double> parameters) const;
  std::vector<double> pack(const Hyperparameters& hyperparameters) const;  // without warps: as if all were identities

 private:
  double log_prior(std::span<const double> parameters, std::span<double> gradient) const;
  double likelihood(std::span<const double> parameters, Eigen::VectorXd& alpha);  // also fills covariance_
  std::vector<Warp> warps(std::span<const double> parameters) const;
  void fill_real_differences();
  void follow_warps(std::span<const double> parameters);
  void fill_covariance(std::span<const double> parameters);
  void add_gradient(std::span<const double> parameters, const Eigen::VectorXd& alpha, std::span<double> gradient);
  void add_warp_gradient(std::span<const double> parameters, const Eigen::VectorXd& by_slope,
                         std::span<double> gradient) const;

  int dimensions_;
  NoisePrior noise_;
  double warp_spread_;
  Embedding embedding_;                      // with the warps of the last parameters
  std::vector<double> raw_;                  // [n, d], where there are warps
  EmbeddedPoints points_;                    // by embedding_
  Eigen::VectorXd targets_;                  // [n]
  std::vector<int> real_, categorical_;      // dimensions of the columns below
  std::vector<int> warped_;                  // real_, where there are warps, else empty
  std::vector<double> warp_parameters_;      // of embedding_; all 0 before the first
  Eigen::MatrixXd real_differences_;         // [pairs, real]: pairs (i, k), i > k, by k and then i
  Eigen::MatrixXd categorical_differences_;  // [pairs, categorical]
  KernelValues values_;                      // [pairs, 1]
  Eigen::MatrixXd covariance_;               // [n, n], lower triangle; then its Cholesky factor
};

/// The inverse of a lower triangular matrix, n^3 / 3 operations; the upper triangle of `lower` is not read.
Eigen::MatrixXd inverse_of_lower(const Eigen::MatrixXd& lower);

/// The lower triangle of A^T A for lower triangular A.
Eigen::MatrixXd gram_of_lower(const Eigen::MatrixXd& lower);

}  // namespace pegbox::math
