// bohb: kernel densities of good and bad configurations, learned at the highest fidelity with enough of them.
//
// Falkner, Klein, Hutter, "BOHB: robust and efficient hyperparameter optimization at scale", ICML 2018 (arXiv
// 1807.01774), section 4.1. Use it with `stop: hyperband` (which `stop: auto` is then); it learns from whatever
// fidelities there are (fidelities.h), so asha and halving do as well. With d axes, a model needs d + 1 good and 2 bad
// ones: the highest fidelity with d + 3 finite losses is taken; its best 15 %, at least d + 1, are the good. 64
// candidates are drawn from the good ones' density, widened threefold, and that with the largest good / bad is
// suggested; one suggestion in three is a draw from the priors. Axes that are switched off in a trial are filled as
// genes are (population.h). Trials that failed are bad. Several objectives: good is a low non-dominated rank.
#pragma once

#include "search/samplers/table.h"

namespace pegbox {

SamplerRow bohb_row();

}  // namespace pegbox
