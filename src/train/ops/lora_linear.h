// lora_linear: a group of frozen linear layers with low-rank updates, as one differentiable step.
#pragma once

#include <cstdint>
#include <vector>

#include "train/kernels/row_kernels.h"
#include "train/tensor.h"

namespace pegbox::train {

/// Rows of a group's output that have an update: output rows [row, row + rows), factor rows from `factor_row` of `b`.
struct LoraPart {
  std::int64_t row = 0, rows = 0, factor_row = 0;
};

/// Factors of one group (Hu et al. 2021): part p adds scale * (x Aₚᵀ) Bₚᵀ to its rows of the output.
struct LoraFactors {
  Tensor a;  ///< [P R, I], the parts' A one after another
  Tensor b;  ///< [sum of rows, R], the parts' B one after another
  std::vector<LoraPart> parts;
  std::int64_t rank = 0;
  double scale = 1;
};

/// x [T, I], weight [O, I] frozen, bias [O] frozen or undefined -> [T, O]. The update sees x with `mask` applied, one
/// mask for all parts. Kept for the backward pass: what the update saw, and its product with A.
Tensor lora_linear(const Tensor& x, const Tensor& weight, const Tensor& bias, const LoraFactors& factors,
                   const kernels::DropoutMask& mask);

}  // namespace pegbox::train
