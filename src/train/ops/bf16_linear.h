// bf16_linear: a linear layer whose weight is trained in fp32 and multiplied in bf16, as torch.autocast does it
// (Micikevicius et al. 2018, arXiv 1710.03740; bf16 needs no scaling of the loss).
#pragma once

#include "train/tensor.h"

namespace pegbox::train {

/// x [T, I] times weight [O, I] transposed, plus bias [O] or nothing -> [T, O], all in fp32. The products of both
/// passes are bf16_product's. Kept for the backward pass: the bf16_rows of x; the weight is rounded again there.
Tensor bf16_linear(const Tensor& x, const Tensor& weight, const Tensor& bias);

}  // namespace pegbox::train
