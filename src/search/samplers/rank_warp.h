// Rank warp: losses as targets of a model, with the bad half squeezed so that it cannot drown the good half.
//
// Losses of trainings are skewed: some runs diverge, and a target of 1e6 among losses near 3 would leave a model
// nothing to see between 2.9 and 3.0. Up to the median a loss stays what it is. Beyond the median only its rank counts:
// it becomes the normal quantile of that rank, with the spread of the good half. The order stays, and a diverged run is
// simply the worst. The half-rank warping of Song et al., "The Vizier Gaussian process bandit algorithm" (arXiv
// 2408.11527), section 4.1.
#pragma once

#include <span>
#include <vector>

namespace pegbox {

/// Targets for `losses` [n], n >= 1, of which at least one is finite; those that are not finite count as worst of all,
/// and alike. Equal losses give equal targets.
std::vector<double> rank_warp(std::span<const double> losses);

}  // namespace pegbox
