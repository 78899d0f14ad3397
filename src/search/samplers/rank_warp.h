// Rank warp: losses as targets of a model, with the bad ones squeezed so that they cannot drown the good ones.
//
// Losses of trainings are skewed: some runs diverge, and a target of 1e6 among losses near 3 would leave a model
// nothing to see between 2.9 and 3.0. The better two thirds stay what they are. Of the others only the rank counts: it
// becomes the normal quantile of that rank, with the spread of the good ones. The order stays, and a diverged run is
// simply the worst. After the half-rank warping of Song et al., "The Vizier Gaussian process bandit algorithm" (arXiv
// 2408.11527), section 4.1. There the good part is one half; once half of the trials lie around one good place, that
// shrinks the whole space elsewhere to a plain, and nothing else is looked at again.
#pragma once

#include <span>
#include <vector>

namespace pegbox {

/// Targets for `losses` [n], n >= 1, of which at least one is finite; those that are not finite count as worst of all,
/// and alike. Equal losses give equal targets, and a smaller loss gives a smaller target.
std::vector<double> rank_warp(std::span<const double> losses);

}  // namespace pegbox
