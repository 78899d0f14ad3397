// local: hill climbing with an adaptive step, restarted from a kicked incumbent.
//
// A (1+1) evolution strategy: a neighbour of the incumbent takes its place if it is better. Numbers move by a normal
// step whose length follows Rechenberg's 1/5 rule in the form of Hansen, Arnold, Auger, "Evolution strategies"
// (Springer Handbook of Computational Intelligence, 2015): success multiplies it by exp(1 / sqrt(d + 1)), failure by
// the fourth root of that's inverse. Choices and small counted ranges change one value at a time (variation.h). A climb
// ends when its step has become tiny or many neighbours in a row were no better; the next one begins at the best trial
// of all with some hyperparameters drawn anew (iterated local search: Lourenco, Martin, Stuetzle, Handbook of
// Metaheuristics, 2003). Workers in parallel try several neighbours at once. Several objectives: the first decides
// (is_better).
#pragma once

#include "search/samplers/table.h"

namespace pegbox {

SamplerRow local_row();

}  // namespace pegbox
