// Network: a decoder's weights as one method sees them: plain, trained in full, or with an adapter beside them.
#pragma once

#include "train/model/layout.h"
#include "train/model/weights.h"
#include "train/ops/dropout.h"
#include "train/tensor.h"

namespace pegbox::train {

class Network {
 public:
  virtual ~Network() = default;

  /// The tensor of a slot of the layout; undefined for slot -1.
  virtual const Tensor& weight(int slot) const = 0;

  /// A group of linear layers applied to x [T, I] -> [T, O].
  virtual Tensor linear(int group, const Tensor& x, DropoutSource& dropout) const = 0;
};

/// The weights as they are. Refers to `layout`; shares the tensors.
class PlainNetwork : public Network {
 public:
  PlainNetwork(const ModelLayout& layout, Weights weights) : layout_(&layout), weights_(std::move(weights)) {}

  const Tensor& weight(int slot) const override { return slot < 0 ? none_ : weights_[static_cast<std::size_t>(slot)]; }
  Tensor linear(int group, const Tensor& x, DropoutSource& dropout) const override;

 protected:
  const LinearGroup& group(int index) const { return layout_->groups[static_cast<std::size_t>(index)]; }

 private:
  const ModelLayout* layout_;
  Weights weights_;
  Tensor none_;
};

}  // namespace pegbox::train
