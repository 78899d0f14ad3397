// annealing: simulated annealing over the budget.
//
// Kirkpatrick, Gelatt, Vecchi, "Optimization by simulated annealing", Science 220 (1983). A neighbour of the present
// point (variation.h) takes its place if it is better, and with probability exp(-(loss - present loss) / T) if it is
// worse; whether it did is decided from the log (the trial's number and the study's seed), not stored. The first
// trials, whose best one is where it begins, give the scale: T_0 = `heat` times the standard deviation of their losses.
// Then T falls geometrically, to `cold` T_0 at the end of the budget's trials (over 200 trials where the budget is not
// of trials); the step falls with its square root. The walk is of one trial after another in the order of their
// numbers; workers in parallel try several neighbours of the same point. Several objectives: the first one.
#pragma once

#include "search/samplers/table.h"

namespace pegbox {

SamplerRow annealing_row();

}  // namespace pegbox
