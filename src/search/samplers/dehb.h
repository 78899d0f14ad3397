// dehb: differential evolution with a population at each fidelity, for use with hyperband.
//
// Awad, Mallik, Hutter, "DEHB: evolutionary hyperband for scalable, robust and efficient hyperparameter optimization",
// IJCAI 2021 (arXiv 2105.09821): rand/1/bin with F = CR = 0.5. A new trial will first be compared at the lowest rung of
// its bracket (`stop: hyperband`, which `stop: auto` is then; with other schedulers at the lowest fidelity there is).
// It competes there for a place of that fidelity's population, in turn; its mutant is made of the best at the fidelity
// below, as many as the population has places, at the lowest fidelity of the population itself. A population has as
// many places as Hyperband's bracket has trials.
//
// There each evaluation at a higher fidelity is a new configuration; here a trial that was good is resumed (promotion
// by the scheduler) and takes, at the next fidelity, a free place or that of the worst if it is better. Higher brackets
// evolve as published. Several objectives: the first
// decides (is_better).
#pragma once

#include "search/samplers/table.h"

namespace pegbox {

SamplerRow dehb_row();

}  // namespace pegbox
