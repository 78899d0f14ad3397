// lora_linear: a group of frozen linear layers with low-rank updates, as one differentiable step.
#pragma once

#include <cstdint>
#include <vector>

#include "train/ops/dropout.h"
#include "train/ops/frozen_matrix.h"
#include "train/tensor.h"

namespace pegbox::train {

/// Rows of a group's output that have an update: output rows [row, row + rows), factor rows from `factor_row` of `b`.
struct LoraPart {
  std::int64_t row = 0, rows = 0, factor_row = 0;
};

/// Factors of one group (Hu et al. 2021): part p adds scale * (x Aₚᵀ) Bₚᵀ to its rows of the output. Where there are
/// factors that the base is without, it subtracts theirs: scale * (x A0ₚᵀ) B0ₚᵀ.
struct LoraFactors {
  Tensor a;  ///< [P R, I], the parts' A one after another
  Tensor b;  ///< [sum of rows, R], the parts' B one after another
  std::vector<LoraPart> parts;
  std::int64_t rank = 0;
  double scale = 1;
  Tensor start_a, start_b;  ///< as `a` and `b`, not trained; undefined: none
};

/// The update of some rows of x: with several, those of one batch that belong to different trials.
struct LoraUpdate {
  LoraFactors factors;
  DropoutMask mask;  ///< of these rows' documents
  std::int64_t first_row = 0, rows = 0;
};

/// x [T, I], weight [O, I] frozen, bias [O] frozen or undefined -> [T, O]. The frozen weight acts on all rows at once,
/// each update on its own, which do not overlap. An update sees x with its `mask` applied, one mask for all parts; the
/// base, and what it is without, sees x. Kept for the backward pass: what the updates saw, and its products with A.
Tensor lora_linear(const Tensor& x, const FrozenMatrix& weight, const Tensor& bias, std::vector<LoraUpdate> updates);

/// With one update of all rows.
Tensor lora_linear(const Tensor& x, const FrozenMatrix& weight, const Tensor& bias, const LoraFactors& factors,
                   const DropoutMask& mask);

/// W + scale (Bₚ Aₚ - B0ₚ A0ₚ) of part p [rows, I]; `weight` [O, I] is the group's. Outside autograd.
Tensor updated_weight(const Tensor& weight, const LoraFactors& factors, std::size_t p);

/// Euclidean norms of the rows of every part's updated weight [sum of rows]. Outside autograd.
Tensor updated_row_norms(const Tensor& weight, const LoraFactors& factors);

}  // namespace pegbox::train
