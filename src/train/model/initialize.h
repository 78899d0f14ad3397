// initialize: random weights of a model trained from scratch.
#pragma once

#include "base/rng.h"
#include "train/model/model_config.h"
#include "train/model/weights.h"

namespace pegbox::train {

/// Normal with the config's initializer_range; projections onto the residual stream divided by sqrt(2 layers) (Radford
/// et al. 2019); gains 1, biases 0. Each tensor has its own stream, so that a layer more does not change the others.
Weights initialize_weights(const ModelConfig& config, const ModelLayout& layout, std::uint64_t seed);

/// Fills an fp32 tensor with normal or uniform (-bound, bound) numbers of a stream.
void fill_normal(Tensor& tensor, double deviation, const RngKey& key);
void fill_uniform(Tensor& tensor, double bound, const RngKey& key);

}  // namespace pegbox::train
