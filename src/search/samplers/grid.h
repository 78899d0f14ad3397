// grid: every combination of the parameters' values, once.
#pragma once

#include "search/samplers/table.h"

namespace pegbox {

/// A continuous range is taken at `points` places from end to end. Combinations that break a constraint, or that a
/// trial has already, are left out: the position is nothing but the history. Finished when none is left.
SamplerRow grid_row();

}  // namespace pegbox
