// Log expected improvement and log probability of feasibility, with the chain rule through mean and variance.
#include "math/expected_improvement.h"

#include <cassert>
#include <cmath>
#include <limits>

#include "math/normal.h"

namespace pegbox::math {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

Partial below(const Prediction& prediction, double limit) {
  if (prediction.variance <= 0) return {prediction.mean <= limit ? 0 : kNever, 0, 0};
  const double deviation = prediction.standard_deviation();
  const double z = (limit - prediction.mean) / deviation;
  const ValueAndSlope cdf = normal_log_cdf(z);
  return {cdf.value, -cdf.slope / deviation, -cdf.slope * z / (2 * prediction.variance)};
}

Acquisition chain(const Partial& partial, const PredictionGradient& prediction) {
  Acquisition acquisition{partial.value, std::vector<double>(prediction.mean_gradient.size())};
  for (std::size_t j = 0; j < acquisition.gradient.size(); ++j)
    acquisition.gradient[j] =
        partial.by_mean * prediction.mean_gradient[j] + partial.by_variance * prediction.variance_gradient[j];
  return acquisition;
}

}  // namespace

Partial partial_log_expected_improvement(const Prediction& prediction, double best) {
  if (prediction.variance <= 0) {
    const double gain = best - prediction.mean;
    return gain > 0 ? Partial{std::log(gain), -1 / gain, 0} : Partial{kNever, 0, 0};
  }
  const double deviation = prediction.standard_deviation();
  const double z = (best - prediction.mean) / deviation;
  const ValueAndSlope h = log_h(z);
  return {h.value + std::log(deviation), -h.slope / deviation, (1 - h.slope * z) / (2 * prediction.variance)};
}

double log_expected_improvement(const Prediction& prediction, double best) {
  return partial_log_expected_improvement(prediction, best).value;
}

Acquisition log_expected_improvement(const PredictionGradient& prediction, double best) {
  return chain(partial_log_expected_improvement(prediction.prediction, best), prediction);
}

double log_probability_below(const Prediction& prediction, double limit) { return below(prediction, limit).value; }

Acquisition log_probability_below(const PredictionGradient& prediction, double limit) {
  return chain(below(prediction.prediction, limit), prediction);
}

Acquisition log_constrained_improvement(const PredictionGradient& objective, double best,
                                        std::span<const PredictionGradient> constraints,
                                        std::span<const double> limits) {
  assert(constraints.size() == limits.size());
  Acquisition total = log_expected_improvement(objective, best);
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    const Acquisition term = log_probability_below(constraints[i], limits[i]);
    total.value += term.value;
    for (std::size_t j = 0; j < total.gradient.size(); ++j) total.gradient[j] += term.gradient[j];
  }
  return total;
}

}  // namespace pegbox::math
