// FrozenMatrix: a matrix that is not trained: in fp32, in bf16, or decoded whenever it is asked for.
//
// In bf16 its products are those of bf16_product.
#pragma once

#include <functional>
#include <utility>

#include "train/tensor.h"

namespace pegbox::train {

class FrozenMatrix {
 public:
  FrozenMatrix(Tensor values) : values_(std::move(values)) {}                   // NOLINT: a plain matrix is one
  FrozenMatrix(std::function<Tensor()> decode) : decode_(std::move(decode)) {}  // NOLINT
  FrozenMatrix() = default;

  /// [O, I] fp32; a new tensor each time where it is not kept so, so that no more than one is there at once.
  Tensor values() const;

  Tensor times_transposed(const Tensor& x, const Tensor& bias) const;  ///< x [T, I], bias [O] or nothing -> [T, O]
  Tensor times(const Tensor& dy) const;                                ///< dy [T, O] -> [T, I]

 private:
  bool is_bf16() const;
  Tensor values_;
  std::function<Tensor()> decode_;
};

/// x [T, I] times the transposed matrix, plus bias [O] or nothing -> [T, O]. Nothing is kept for the backward pass,
/// which decodes the matrix again.
Tensor frozen_linear(const Tensor& x, const FrozenMatrix& matrix, const Tensor& bias);

}  // namespace pegbox::train
