// gp: a Gaussian process of the loss, asked where improvement is to be expected.
//
// The first trials are a design (design.h); a range without a prior counts as written around its middle
// (central_beliefs.h). Then each suggestion maximizes log EI(x) + c log P(no failure at x) + (b / n) log prior(x):
// - expected improvement in its logarithm: Ament et al. (arXiv 2310.20708); augmented for noise: Huang et al.,
//   J. Global Optimization 34 (2006); the model: math/gaussian_process.h;
// - losses are carried to full length (observations.h) and warped so that diverged runs do no harm (rank_warp.h);
// - a failed trial says nothing about the loss but counts in a model of success (math/probit_process.h), and where
//   many have failed, what is suggested has to be safe; one that diverged is the worst loss;
// - pending trials are believed to give what is predicted, so that workers do not ask for the same point;
// - the prior's weight falls with the number n of observations: piBO, Hvarfner et al. (arXiv 2204.11051). A right prior
//   saves the first trials, a wrong one costs a few;
// - two and three objectives: a model of each, and the expected hypervolume improvement
//   (math/hypervolume_improvement.h); more: ParEGO, with new weights for each trial (evidence.h);
// - the model may warp the axes (math/warp.h), and the search may keep to a region (trust_region.h);
// - other acquisitions than expected improvement are in criterion.h.
//
// Hyperparameters are fitted to the first m trials as they stand now, where m follows the number of trials in steps of
// an eighth; so a fresh instance finds the same ones, and most suggestions need no fit.
#pragma once

#include "search/samplers/table.h"

namespace pegbox {

/// How many of the first trials the hyperparameters are fitted to: all of 16, then a multiple of a growing power of
/// two.
std::size_t fitted_trials(std::size_t trials);

SamplerRow gp_row();

}  // namespace pegbox
