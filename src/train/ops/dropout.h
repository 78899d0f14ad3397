// DropoutSource: dropout whose masks are functions of a key and of the place in the model, so that they can be drawn
// again after a pause, and in the backward pass instead of being kept.
#pragma once

#include <cstdint>

#include "train/kernels/row_kernels.h"
#include "train/tensor.h"

namespace pegbox::train {

/// Gives each dropout of one forward pass its own mask, in the order of the calls. Without training: none.
class DropoutSource {
 public:
  DropoutSource() = default;
  explicit DropoutSource(std::uint64_t key) : key_(key), active_(true) {}

  /// The next mask; probability 0 if not training.
  kernels::DropoutMask next(double probability);

 private:
  std::uint64_t key_ = 0, site_ = 0;
  bool active_ = false;
};

/// x, contiguous, of any shape, with the mask applied, outside autograd; x itself if the probability is 0.
Tensor masked(const Tensor& x, const kernels::DropoutMask& mask);

/// The same with a gradient: x, of any shape, with the mask applied; x itself if the probability is 0.
Tensor dropout(const Tensor& x, const kernels::DropoutMask& mask);

}  // namespace pegbox::train
