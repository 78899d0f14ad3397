// norm: addition to the residual stream and the normalization after it, and the norms of heads, each as one
// differentiable step.
#pragma once

#include <cstdint>
#include <utility>

#include "train/tensor.h"

namespace pegbox::train {

/// (x + delta, its root-mean-square norm times `weight`), each [T, C]. Without `delta` (undefined) the sum is x.
std::pair<Tensor, Tensor> residual_rms_norm(const Tensor& x, const Tensor& delta, const Tensor& weight, double epsilon);

/// Queries and keys of `packed` [T, (H + 2 K) D], each head with its root-mean-square norm times a gain [D]: the first
/// `heads` heads with `query_gain`, the next `kv_heads` with `key_gain`. The values stay.
Tensor head_rms_norms(const Tensor& packed, const Tensor& query_gain, const Tensor& key_gain, std::int64_t heads,
                      std::int64_t kv_heads, double epsilon);

}  // namespace pegbox::train
