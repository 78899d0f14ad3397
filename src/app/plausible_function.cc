// PlausibleFunction: a draw from a posterior, extended by each question.
#include "app/plausible_function.h"

#include <algorithm>
#include <cmath>

#include "search/samplers/evidence.h"
#include "search/samplers/standings.h"
#include "search/samplers/surrogate.h"
#include "search/samplers/taken_configs.h"

namespace pegbox {
namespace {

constexpr double kExact = 1e-8;  ///< noise, as a part of the signal variance, of values that are the function's own

/// A draw of a multivariate normal distribution. Variances that rounding made negative count as none.
std::vector<double> draw_jointly(const math::JointPrediction& joint, Rng& rng) {
  const std::size_t n = joint.means.size();
  std::vector<double> factor(joint.covariances), normals(n), drawn(joint.means);
  for (double& each : normals) each = rng.normal();
  double largest = 0;
  for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, factor[i * n + i]);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k <= i; ++k) {
      double rest = joint.covariances[i * n + k];
      for (std::size_t j = 0; j < k; ++j) rest -= factor[i * n + j] * factor[k * n + j];
      if (i == k)
        factor[i * n + i] = rest > 1e-10 * largest ? std::sqrt(rest) : 0;
      else
        factor[i * n + k] = factor[k * n + k] > 0 ? rest / factor[k * n + k] : 0;
      drawn[i] += factor[i * n + k] * normals[k];
    }
  return drawn;
}

/// The process that takes `values` at `points` for exact, with the kernel of `fitted` in the same units.
Result<math::GaussianProcess> conditioned(const math::GaussianProcess& fitted, std::span<const double> points,
                                          std::span<const double> values) {
  math::Hyperparameters h = fitted.hyperparameters();
  h.noise_variance = kExact;
  PEGBOX_TRY(const auto units, math::GaussianProcess::with(fitted.dimension_kinds(), points, values, h));
  const double ratio = fitted.target_scale() / units.target_scale();
  h.mean = (fitted.target_mean() + fitted.target_scale() * h.mean - units.target_mean()) / units.target_scale();
  h.signal_variance *= ratio * ratio;
  h.noise_variance = kExact * h.signal_variance;
  return math::GaussianProcess::with(fitted.dimension_kinds(), points, values, h);
}

}  // namespace

Result<std::vector<PlausibleFunction>> PlausibleFunction::draw(const History& history, int count, std::uint64_t seed) {
  const Observations observations = observe(history, history.trials);
  PEGBOX_TRY(const Beliefs beliefs,
             Beliefs::form(history, observations, {.draws = count, .no_luck = ignores_seeds(history)}));
  const std::vector<double> points = encoded_configs(history, beliefs.trials());
  std::vector<PlausibleFunction> functions;
  for (const math::GaussianProcess& model : beliefs.models()) {
    const std::uint64_t i = functions.size();
    Rng rng({seed, stream_id("plausible function"), i});
    PEGBOX_TRY(auto process, conditioned(model, points, draw_jointly(model.predict_jointly(points), rng)));
    functions.push_back(PlausibleFunction(history.spec.space, std::move(process), std::sqrt(model.noise_variance()),
                                          {seed, stream_id("plausible answers"), i}));
  }
  return functions;
}

Result<double> PlausibleFunction::operator()(const Config& config) {
  const auto [known, is_new] = known_.emplace(config_key(config), 0.0);
  if (!is_new) return known->second;
  const auto point = encode(*space_, space_->to_unit(config));
  const math::Prediction predicted = process_.predict(point);
  known->second = predicted.mean + predicted.standard_deviation() * rng_.normal();
  PEGBOX_CHECK(process_.append(point, known->second));
  return known->second;
}

}  // namespace pegbox
