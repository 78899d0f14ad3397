// The standard normal distribution, exact in relative terms far into the tail, and the function behind log expected
// improvement.
#pragma once

namespace pegbox::math {

double normal_pdf(double z);
double normal_log_pdf(double z);
double normal_cdf(double z);
double normal_quantile(double probability);  ///< inverse of the cdf; -inf at 0, inf at 1

/// A function's value and its derivative.
struct ValueAndSlope {
  double value = 0;
  double slope = 0;
};

/// log Phi(z) and its derivative phi(z) / Phi(z); finite for all z with z * z / 2 finite.
ValueAndSlope normal_log_cdf(double z);

/// log h(z) with h(z) = phi(z) + z Phi(z), and its derivative Phi(z) / h(z). log EI = log h((best - mean) / sd) + log
/// sd. Ament et al., "Unexpected improvements to expected improvement for Bayesian optimization", NeurIPS 2023,
/// section 4. The left tail uses Laplace's continued fraction of Mills' ratio, in which nothing cancels.
ValueAndSlope log_h(double z);

}  // namespace pegbox::math
