// tpe: the tree-structured Parzen estimator: where good trials are dense and the others are not.
//
// After a design (design.h) of few trials, each suggestion is the draw x from l with the largest log l(x) - log g(x):
// l is a density of the good trials, g of all others; that ratio grows with the expected improvement. Bergstra et al.,
// "Algorithms for hyper-parameter optimization", NIPS 2011; the roles of its parts: Watanabe, arXiv 2304.11127.
// - Both are multivariate mixtures, one product of kernels around each trial and one base component of weight 1, half
//   prior and half flat, whose part falls as trials come in (math/parzen.h, parzen_space.h). A right prior shapes the
//   design and the first draws; a wrong one bars nothing.
// - Conditions: a trial that lacks an axis counts on it like the base. So l and g are densities over the whole tree of
//   the space, and branches compete by them. The best trial of each branch is always good.
// - Good are a fifth of the trials, at most 25, weighted by their improvement; with several objectives by fronts and
//   hypervolume (good_trials.h). Trials that diverged, failed or violate a constraint on metrics are never good.
//   Pending ones count among the others, so that workers spread ("constant liar").
// - Bandwidths on continuous axes, from n trials that have the axis and d axes at most active at once:
//   l: 0.75 s n^(-1/(d+1)), s the standard deviation of the good trials and one flat draw; g: 0.1 n'^(-1/(d+1)), n' the
//   power of two below n. Both are at least half a value's cell. The rules with n^(-1/(d+4)) that minimize the error of
//   a density shrink too slowly to find a minimum: docs/LOG.md has the measurements on test functions.
//   Of k choices: g: k / (k + n + 1), which is Laplace's rule; l: k / (k + sqrt(n) + 1), so that other choices, and the
//   branches below them, are not given up after the first few good trials of one.
// - Constraints on the configuration: draws that break them are replaced, up to a limit, before the densities are
// asked.
#pragma once

#include "search/samplers/table.h"

namespace pegbox {

SamplerRow tpe_row();

}  // namespace pegbox
