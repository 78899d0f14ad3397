// PassObserver: who looks into a decoder's forward pass, layer by layer, and may change what its heads say.
#pragma once

#include <cstddef>

#include "train/tensor.h"

namespace pegbox::train {

struct AttentionPlan;

/// Called in the order of the pass, with the rows of all tokens of the batch. What is seen is a part of autograd's
/// graph where something before it is trained.
class PassObserver {
 public:
  enum class Sublayer : std::uint8_t { Attention, FeedForward };

  virtual ~PassObserver() = default;

  /// The residual stream [T, C] that a layer meets; with the number of layers, what the last norm meets.
  virtual void stream(std::size_t /*layer*/, const Tensor& /*x*/) {}
  /// Queries, keys and values [T, (H + 2 K) D], before they are turned by their positions.
  virtual void attention(std::size_t /*layer*/, const Tensor& /*packed*/, const AttentionPlan& /*plan*/) {}
  /// What the heads say [T, H D], before the projection back to the width; what is returned goes on in its place.
  virtual Tensor heads(std::size_t /*layer*/, const Tensor& mixed) { return mixed; }
  /// The feed-forward network's units [T, F] behind their activation, and gate.
  virtual void units(std::size_t /*layer*/, const Tensor& /*inner*/) {}
  /// What a half of a layer adds to the stream [T, C]. Its gradient is that of the stream behind it.
  virtual void added(std::size_t /*layer*/, Sublayer /*by*/, const Tensor& /*delta*/) {}
};

}  // namespace pegbox::train
