// genetic: a genetic algorithm for mixed spaces: tournament, crossover, mutation, elitism.
//
// Goldberg, "Genetic algorithms in search, optimization and machine learning" (1989), with the operators for real
// numbers of variation.h; integers and ordered choices are crossed and mutated like numbers, categories gene by gene.
// A population is replaced by its children, except for the elite. Axes that a condition switches off keep a gene
// (population.h), so that a child which switches them on again inherits what its ancestors had found.
// Several objectives: individuals are ranked as in nsga2.
#pragma once

#include "search/samplers/table.h"

namespace pegbox {

SamplerRow genetic_row();

}  // namespace pegbox
