// random: independent draws from the priors, uniform where there is none.
#pragma once

#include "search/samplers/table.h"

namespace pegbox {

SamplerRow random_row();

}  // namespace pegbox
