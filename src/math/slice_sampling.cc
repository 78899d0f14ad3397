// Elliptical slice sampling: a turn on the ellipse through the state and a draw from the prior.
#include "math/slice_sampling.h"

#include <cmath>
#include <numbers>

namespace pegbox::math {

void elliptical_slice_step(const std::function<double(std::span<const double>)>& log_likelihood,
                           const NormalPrior& prior, Rng& rng, std::vector<double>& state,
                           double& log_likelihood_of_state) {
  constexpr int kMostShrinks = 100;  // the bracket is then of no width: the state stays
  const std::size_t p = state.size();
  std::vector<double> draw(p), next(p);
  for (std::size_t i = 0; i < p; ++i) draw[i] = prior.spreads[i] * rng.normal();
  const double level = log_likelihood_of_state + std::log(1 - rng.uniform());
  double angle = 2 * std::numbers::pi * rng.uniform();
  double low = angle - 2 * std::numbers::pi, high = angle;
  for (int shrink = 0; shrink < kMostShrinks; ++shrink) {
    for (std::size_t i = 0; i < p; ++i)
      next[i] = prior.means[i] + (state[i] - prior.means[i]) * std::cos(angle) + draw[i] * std::sin(angle);
    const double reached = log_likelihood(next);
    if (reached > level) {
      state = next;
      log_likelihood_of_state = reached;
      return;
    }
    (angle < 0 ? low : high) = angle;
    angle = low + (high - low) * rng.uniform();
  }
}

}  // namespace pegbox::math
