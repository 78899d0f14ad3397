// RotaryTables: the angles by which queries and keys are turned (Su et al. 2021, arXiv 2104.09864).
#pragma once

#include <cstdint>

#include "train/model/model_config.h"
#include "train/tensor.h"

namespace pegbox::train {

/// cos and sin of position times frequency for each pair of a head [P + 1, E / 2], E of its D numbers being turned, in
/// fp32 as transformers computes them. The last row turns nothing: it is for keys that are trained as queries meet
/// them.
struct RotaryTables {
  Tensor cosine, sine;  ///< undefined: no rotary positions
};

RotaryTables rotary_tables(const Rope& rope, std::int64_t head_width, std::int64_t positions);

}  // namespace pegbox::train
