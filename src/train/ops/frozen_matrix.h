// FrozenMatrix: a matrix that is not trained, as it is or decoded whenever it is asked for.
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

  /// [O, I] fp32; a new tensor each time where it is decoded, so that no more than one is there at once.
  Tensor values() const { return decode_ ? decode_() : values_; }
  bool is_decoded() const { return static_cast<bool>(decode_); }

 private:
  Tensor values_;
  std::function<Tensor()> decode_;
};

/// x [T, I] times the transposed matrix, plus bias [O] or nothing -> [T, O]. Nothing is kept for the backward pass,
/// which decodes the matrix again.
Tensor frozen_linear(const Tensor& x, const FrozenMatrix& matrix, const Tensor& bias);

}  // namespace pegbox::train
