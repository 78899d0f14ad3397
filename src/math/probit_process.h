// ProbitProcess: the probability of success as a function of place: Gaussian process classification.
//
// A latent function f with a Gaussian prior says P(success at x) = Phi(f(x)): the covariance is that of kernel.h plus
// its own signal variance as a constant (an unknown mean of the same size). Laplace's approximation; hyperparameters at
// the maximum of its evidence times a prior: Rasmussen and Williams, "Gaussian processes for machine learning" (2006),
// algorithms 3.1, 3.2 and 5.1.
//
// Against a regression on the labels 0 and 1: that one must bend to be flat on both sides of a border, so it learns
// short length scales and knows nothing a little further on; here a border that is straight in the cube's coordinates
// has a straight f. Priors: log l ~ Normal(log(d) / 2, 1), by which f differs by some units between corners of the
// cube, so that there is a border somewhere; log s^2 ~ Normal(log 10, 1). With longer lengths a priori the first
// failures say that all places are alike, and the search fails on (docs/LOG.md).
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "math/expected_improvement.h"

namespace pegbox::math {

class ProbitProcess {
 public:
  /// Hyperparameters for `points` [n, d], n >= 1, and whether each was a success; from a fixed start, by L-BFGS. Mean
  /// and noise are not used. InvalidInput for shapes that do not agree or a coordinate that its dimension does not
  /// allow.
  static Result<Hyperparameters> fit(const std::vector<Dimension>& dimensions, std::span<const double> points,
                                     const std::vector<bool>& successes);

  /// What is believed without data: the prior's middle.
  static Hyperparameters prior_middle(std::size_t dimensions);

  static Result<ProbitProcess> with(std::vector<Dimension> dimensions, std::span<const double> points,
                                    const std::vector<bool>& successes, Hyperparameters hyperparameters);

  /// Laplace's approximation of log p(successes | hyperparameters), and its derivatives by log l_1 ... log l_d, log
  /// s^2.
  static Result<Acquisition> log_evidence(const std::vector<Dimension>& dimensions, std::span<const double> points,
                                          const std::vector<bool>& successes, const Hyperparameters& hyperparameters);

  ProbitProcess(ProbitProcess&&) noexcept;
  ProbitProcess& operator=(ProbitProcess&&) noexcept;
  ~ProbitProcess();

  double log_evidence() const;  ///< Laplace's approximation of log p(successes | hyperparameters)

  std::vector<double> log_probability_all(std::span<const double> points) const;  // [m, d] -> [m]
  Acquisition log_probability(std::span<const double> point) const;

 private:
  struct State;
  explicit ProbitProcess(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pegbox::math
