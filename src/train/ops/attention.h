// attention: rotary positions and causal attention of packed documents as one differentiable step.
#pragma once

#include <memory>
#include <vector>

#include "train/kernels/attention.h"
#include "train/ops/dropout.h"
#include "train/tensor.h"

namespace pegbox::train {

/// What all layers of one forward pass share.
struct AttentionPlan {
  kernels::AttentionShape shape;
  std::vector<std::int64_t> offsets;  ///< document d is rows [offsets[d], offsets[d + 1])
  Tensor positions;                   ///< [T] int64
  Tensor cosine, sine;                ///< [P, E / 2], E numbers of a head being turned; undefined: none
};

using AttentionPlanPtr = std::shared_ptr<const AttentionPlan>;

/// packed [T, (H + 2 K) D]: queries, keys, values -> [T, H D].
Tensor packed_attention(const Tensor& packed, const AttentionPlanPtr& plan, const DropoutMask& mask);

/// packed with queries and keys turned by their positions; packed itself without rotary positions. Not differentiable.
Tensor rotated(const Tensor& packed, const AttentionPlan& plan);

/// What each query gives to each key, all of which are turned: queries [T, H D], keys [B + T, K D], the last T of them
/// at the queries' own tokens -> shares [H, T, B + T], 0 for keys that a query does not see. Nothing that training does
/// has all of them.
Tensor attention_shares(const Tensor& queries, const Tensor& keys, const kernels::AttentionShape& shape);

}  // namespace pegbox::train
