// sobol: a scrambled Sobol sequence, moved to where the priors are: random search without its gaps and clusters.
#pragma once

#include "search/samplers/table.h"

namespace pegbox {

/// Points that break a constraint or were tried already are passed over; the next trial goes on after the last index
/// used, which the trials' reasons keep. The scrambling is the study's seed.
SamplerRow sobol_row();

}  // namespace pegbox
