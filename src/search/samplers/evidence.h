// Evidence from observations: several objectives as one, skewed losses as targets, configurations as points.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/rng.h"
#include "search/samplers/observations.h"
#include "search/samplers/surrogate.h"

namespace pegbox {

/// The models see at most so many trials: the half with the lowest losses, and of the others the latest. More would
/// cost a third of a second for each suggestion and tell little of where the best is.
inline constexpr std::size_t kMaxEvidence = 600;

/// The points of trials' configurations, encoded (surrogate.h). [trials, d]
std::vector<double> encoded_configs(const History& history, std::span<const std::int64_t> trials);

/// Weights of objectives, uniform over the simplex; {1} for one objective. Every key gives another compromise, and with
/// them the whole front: Knowles, "ParEGO", IEEE TEC 10 (2006).
std::vector<double> draw_weights(std::size_t objectives, const RngKey& key);

/// One loss for each measured trial: itself for one objective, else ParEGO's augmented Chebyshev function
/// max_k(w_k y_k) + 0.05 sum_k(w_k y_k) of losses scaled to [0, 1] over the finite ones. Infinity stays.
std::vector<double> scalarize(std::span<const Measured> measured, std::span<const double> weights);

/// The losses as one by `weights`, or each by itself where there are none.
Evidence make_evidence(const History& history, const Observations& observations, std::span<const double> weights);

}  // namespace pegbox
