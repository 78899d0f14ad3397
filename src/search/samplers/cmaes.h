// cmaes: the covariance matrix adaptation evolution strategy over mixed and conditional spaces.
//
// - Numbers and ordered values: a normal in the unit cube (math/cma.h), with margins on axes that know certain values
//   only. Choices without order, and axes of two values: a categorical distribution each (math/choice_search.h).
// - It starts at the best trial that another strategy or a person has made, if there is one, else at the middle of the
//   priors, with their spread. After convergence it starts anew at a random place with twice the population (IPOP:
//   Auger and Hansen, CEC 2005).
// - An axis that conditions switch off in a trial was drawn all the same. The mean does not follow such a draw, nor do
//   the chances of choices; the covariance sees it, where it changes nothing on average.
// - Constraints, the box and configurations tried before: draw again; at the end of patience the nearest place in the
//   box, then any configuration that is allowed.
// - Losses are ranked: failed trials behind diverged ones behind those that violate a constraint on metrics. Several
//   objectives: by fronts, within them by ParEGO's function with equal weights.
//
// The state is a fold over the trials whose reason says {"by": "cmaes", "restart", "generation"}. A generation ends
// when as many of its trials as the population have a result; asks beyond the population draw from the same generation.
// The first trials of the next generation name those that made it, best first, in "after": later results change
// nothing. "latent" has what the configuration does not say: the place drawn on axes of certain values and on inactive
// ones.
#pragma once

#include "search/samplers/table.h"

namespace pegbox {

SamplerRow cmaes_row();

}  // namespace pegbox
