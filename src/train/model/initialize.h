// initialize: random weights of a model trained from scratch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "train/model/model_config.h"
#include "train/model/parametrization.h"
#include "train/model/weights.h"

namespace pegbox::train {

/// How matrices that multiply begin. Tables of embeddings and positions are always normal with `deviation`; gains are
/// 1, biases 0. Layers that share an input count one by one.
///
/// gpt2: normal with `deviation`; projections onto the residual stream divided by sqrt(2 layers) (Radford et al. 2019).
/// normal: normal with `deviation`. xavier: normal with sqrt(2 / (inputs + outputs)) (Glorot & Bengio 2010). kaiming:
/// normal with sqrt(2 / inputs) (He et al. 2015). orthogonal: Q of a normal matrix (Saxe et al. 2014). With µP that is
/// how they begin at the base width; elsewhere parametrization.h says by which factors they differ.
struct Initialization {
  std::string kind = "gpt2";
  double deviation = 0.02;
  Parametrization parametrization{};
};

std::vector<std::string_view> initialization_names();

/// Each tensor has its own stream, so that a layer more does not change the others. The kind is a known name.
Weights initialize_weights(const ModelConfig& config, const ModelLayout& layout, std::uint64_t seed,
                           const Initialization& initialization);

/// gpt2 with the config's initializer_range.
Weights initialize_weights(const ModelConfig& config, const ModelLayout& layout, std::uint64_t seed);

/// Fills an fp32 tensor with normal or uniform (-bound, bound) numbers of a stream.
void fill_normal(Tensor& tensor, double deviation, const RngKey& key);
void fill_uniform(Tensor& tensor, double bound, const RngKey& key);

}  // namespace pegbox::train
