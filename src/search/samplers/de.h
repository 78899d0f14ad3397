// de: differential evolution that learns its own settings (SHADE).
//
// Storn and Price, J. Global Optimization 11 (1997), in the form of Tanabe and Fukunaga, "Success-history based
// parameter adaptation for differential evolution", CEC 2013: the mutant of x_i is
//
//   v = x_i + F (x_pbest - x_i) + F (x_r1 - x_r2),   binomial crossover with rate CR
//
// with x_pbest one of the best p N, p ~ U[2/N, 0.2], x_r1 of the population, x_r2 of it and the archive of the beaten.
// F and CR are drawn around a memory entry, which after each generation becomes the mean (weighted by improvement,
// Lehmer's for F) of those that made a child better than its target. What leaves [0, 1] is set halfway between the
// target and the border (Zhang and Sanderson, JADE, IEEE TEC 13 (2009)). Trials take the places of the population in
// turn; a child that comes back late still competes with who holds its place then.
//
// Discrete axes are rounded by the space. On a categorical axis, where differences mean nothing, the mutant has with
// probability F the gene of x_pbest, then with probability F that of x_r1 where it differs from that of x_r2. A mutant
// that is no news is drawn again. Several objectives: the first decides, equal ones by the next (is_better).
#pragma once

#include "search/samplers/table.h"

namespace pegbox {

SamplerRow de_row();

}  // namespace pegbox
