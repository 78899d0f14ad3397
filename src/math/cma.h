// CMA: the covariance matrix adaptation evolution strategy, as a distribution that is moved by ranked samples.
//
// Hansen, "The CMA evolution strategy: a tutorial" (arXiv 1604.00772), with its default parameters and negative weights
// ("active" update). Samples are m + sigma A B D z with z standard normal and C = B D^2 B^T.
//
// A is diagonal and 1 on continuous axes. On an axis that only knows certain values, A and the mean are corrected after
// each update so that neighbours of the mean's value keep a chance of at least the margin 1 / (d lambda): Hamano,
// Saito, Nomura, Shirakawa, "CMA-ES with margin", GECCO 2022 (arXiv 2205.13482), section 4.
//
// Letters: d axes, lambda samples of a generation.
#pragma once

#include <Eigen/Dense>
#include <cstdint>
#include <span>
#include <vector>

namespace pegbox::math {

/// The default population: 4 + floor(3 log d).
int cma_population(int dimensions);

class Cma {
 public:
  struct Start {
    std::vector<double> mean;     ///< [d]
    std::vector<double> spreads;  ///< [d]: standard deviations; C begins as their squares over their mean square
    int population = 0;           ///< lambda, at least 4
    std::vector<std::vector<double>> thresholds;  ///< [d][values - 1]: between values, ascending; empty: a continuum
  };

  explicit Cma(const Start& start);

  int dimensions() const { return static_cast<int>(mean_.size()); }
  int population() const { return population_; }
  std::vector<double> mean() const { return {mean_.begin(), mean_.end()}; }
  double sigma() const { return sigma_; }
  const Eigen::MatrixXd& covariance() const { return covariance_; }  ///< C, [d, d]
  double spread(int axis) const;                                     ///< standard deviation of samples along an axis
  double largest_spread() const;                                     ///< along any direction
  double condition() const;                                          ///< of C

  std::vector<double> sample(std::span<const double> normal) const;  ///< [d] -> [d]

  /// One generation: samples [lambda, d] by rank, the best first. `active` [lambda, d] says on which axes a sample was
  /// tried at all; along the others the mean does not follow it. Empty: everywhere.
  void update(std::span<const double> ranked, std::span<const std::uint8_t> active = {});

 private:
  void set_parameters();
  void decompose();
  void correct_margins();
  void keep_near(int axis, double threshold, double margin);
  void keep_between(int axis, double low, double high, double low_chance, double high_chance);

  int population_ = 0;
  std::vector<std::vector<double>> thresholds_;
  Eigen::VectorXd weights_;                               // [lambda]; the first mu are positive and sum to 1
  int parents_ = 0;                                       // mu
  double mu_eff_ = 0, c_1_ = 0, c_mu_ = 0, c_c_ = 0;      // of the covariance
  double c_sigma_ = 0, d_sigma_ = 0, expected_norm_ = 0;  // of the step size
  Eigen::VectorXd mean_, margins_, path_c_, path_sigma_;  // [d]; margins_: A
  double sigma_ = 1;
  Eigen::MatrixXd covariance_, basis_;  // C, B
  Eigen::VectorXd scales_;              // D, [d]
  int generation_ = 0;
};

}  // namespace pegbox::math
