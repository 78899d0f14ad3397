// PosteriorDraw: one function drawn from a Gaussian process's posterior, to be evaluated anywhere, with its gradient.
//
// A draw of the prior by random features is moved to agree with the observations by what the process makes of their
// difference ("pathwise conditioning"): Wilson, Borovitskiy, Terenin, Mostowsky, Deisenroth, "Efficiently sampling
// functions from Gaussian process posteriors", ICML 2020 (arXiv 2002.09309):
//
//   f(x) = g(x) + k(x, X) (K + noise)^-1 (y - g(X) - e),   e ~ Normal(0, noise)
//
// Features are sqrt(2 / F) s cos(w . e(x) + b) prod_j c_j(x_j) over the embedding e of real coordinates (kernel.h): the
// Matern kernel's spectral density is a multivariate t distribution with 5 degrees of freedom (Rahimi and Recht, NIPS
// 2007). A categorical dimension's factor, rho = exp(-1 / l^2) for two different choices, is the expectation of
// c(x) c(y) where c is 1 everywhere with probability rho, else a random sign for each choice. So one construction
// serves mixed and conditional spaces.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/rng.h"
#include "math/gaussian_process.h"

namespace pegbox::math {

class PosteriorDraw {
 public:
  /// The same key draws the same function. Keeps a copy of the process; pending points count as observed.
  PosteriorDraw(const GaussianProcess& process, const RngKey& key);
  PosteriorDraw(PosteriorDraw&&) noexcept;
  PosteriorDraw& operator=(PosteriorDraw&&) noexcept;
  ~PosteriorDraw();

  /// The function's values, in the units of the targets. [m, d] -> [m]
  std::vector<double> values(std::span<const double> points) const;
  /// The value at a point as a prediction without variance.
  PredictionGradient value_with_gradient(std::span<const double> point) const;
  /// Values at the process's own points, in their order.
  const std::vector<double>& at_observations() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pegbox::math
