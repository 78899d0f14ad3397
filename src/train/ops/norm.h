// norm: addition to the residual stream and the normalization after it, as one differentiable step.
#pragma once

#include <utility>

#include "train/tensor.h"

namespace pegbox::train {

/// (x + delta, its root-mean-square norm times `weight`), each [T, C]. Without `delta` (undefined) the sum is x.
std::pair<Tensor, Tensor> residual_rms_norm(const Tensor& x, const Tensor& delta, const Tensor& weight, double epsilon);

}  // namespace pegbox::train
