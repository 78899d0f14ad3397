// memory: what a run will need of the machine's memory, before anything is allocated.
#pragma once

#include <cstdint>

#include "train/model/model_config.h"

namespace pegbox::train {

struct MemoryNeed {
  double parameters_bytes = 0;   ///< trainable values, their gradients in each lane, and the optimizer's two moments
  double activations_bytes = 0;  ///< what the forward passes of all lanes leave for the backward passes
  double total_bytes() const { return parameters_bytes + activations_bytes; }
};

/// Bytes that one token leaves behind for the backward pass: inputs of the linear layers, the residual stream, norms,
/// queries, keys, values and what the gate has seen; about, and rather too much.
double activation_bytes_per_token(const ModelConfig& config);

/// The base model's weights are not counted: they are there already.
MemoryNeed memory_need(const ModelConfig& config, std::int64_t trainable_parameters, std::int64_t micro_batch_tokens,
                       int lanes);

/// What the system could still give without swapping; 0 if it does not say.
double available_memory_bytes();

}  // namespace pegbox::train
