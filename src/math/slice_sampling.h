// Elliptical slice sampling: draws from a posterior whose prior is normal, without gradients or settings.
//
// Murray, Adams, MacKay, "Elliptical slice sampling", AISTATS 2010 (arXiv 1001.0175).
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/rng.h"

namespace pegbox::math {

/// Independent normal priors, [p].
struct NormalPrior {
  std::vector<double> means, spreads;
};

/// One step of the chain from `state` [p], which has the likelihood exp(`log_likelihood_of_state`), a finite one; both
/// become the next state's. The likelihood may be -inf outside of where it is defined.
void elliptical_slice_step(const std::function<double(std::span<const double>)>& log_likelihood,
                           const NormalPrior& prior, Rng& rng, std::vector<double>& state,
                           double& log_likelihood_of_state);

}  // namespace pegbox::math
