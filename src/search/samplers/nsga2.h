// nsga2: a genetic algorithm for several objectives: non-dominated sorting and crowding.
//
// Deb, Pratap, Agarwal, Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE TEC 6 (2002):
// crowded tournaments choose parents, simulated binary crossover and polynomial mutation make children, parents and
// children compete for the next population. Metric constraints: what keeps them dominates what does not. Children of
// equal configuration are never made. With one objective it is an elitist genetic algorithm.
#pragma once

#include "search/samplers/table.h"

namespace pegbox {

SamplerRow nsga2_row();

}  // namespace pegbox
