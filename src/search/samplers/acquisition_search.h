// Acquisition search: the configuration with the highest merit by the models and the priors, over mixed, conditional
// and constrained spaces.
//
// Small countable spaces are listed. Else: Sobol points over the space and moves around the best observations, then
// from the best few of them, by turns, L-BFGS along the continuous axes and single steps along the others, as long as
// merit grows. Constraints are checked on every configuration; a climb that leaves them is cut back towards its start.
#pragma once

#include <optional>
#include <vector>

#include "base/rng.h"
#include "search/samplers/candidates.h"
#include "search/samplers/cost_model.h"
#include "search/samplers/surrogate.h"
#include "search/samplers/trust_region.h"

namespace pegbox {

struct AcquisitionProblem {
  const History& history;
  const Space& beliefs;  ///< the history's space, with the priors to go by
  const TakenConfigs& taken;
  const Surrogate& surrogate;
  std::vector<UnitPoint> incumbents;     ///< around which to look, best first
  double prior_weight = 0;               ///< merit = surrogate's log merit + prior_weight * log prior
  const CostModel* cost = nullptr;       ///< - its weight * log cost, if there is one
  int candidates = 256;                  ///< Sobol points
  const RegionBounds* region = nullptr;  ///< to stay within, unless the space is listed; nothing: the whole space
  RngKey key;
};

struct Chosen {
  Candidate candidate;
  double merit = 0;
};

/// Nothing if no configuration is left; InvalidInput if the constraints allow none.
Result<std::optional<Chosen>> maximize_acquisition(const AcquisitionProblem& problem);

}  // namespace pegbox
