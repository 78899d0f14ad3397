// Network: a decoder's weights as one method sees them: plain, trained in full, or with an adapter beside them.
#pragma once

#include <memory>

#include "train/model/layout.h"
#include "train/model/nf4.h"
#include "train/model/weights.h"
#include "train/ops/dropout.h"
#include "train/ops/frozen_matrix.h"
#include "train/tensor.h"

namespace pegbox::train {

class Network {
 public:
  virtual ~Network() = default;

  /// The tensor of a slot of the layout; undefined for slot -1.
  virtual const Tensor& weight(int slot) const = 0;

  /// A group of linear layers applied to x [T, I] -> [T, O].
  virtual Tensor linear(int group, const Tensor& x, DropoutSource& dropout) const = 0;

  /// What a layer's feed-forward network adds to the stream: `result`, its own [T, C], with what stands beside it and
  /// reads the same `input` [T, C].
  virtual Tensor feed_forward(int layer, const Tensor& input, const Tensor& result, DropoutSource& dropout) const;

  /// Trained tokens that every document begins with, before those of its text. They take positions, and have no labels.
  virtual std::int64_t virtual_tokens() const { return 0; }
  /// Their embeddings [N, C]; undefined where they have keys and values instead.
  virtual Tensor prompt() const { return {}; }
  /// Their keys, as queries meet them, and their values in a layer [N, 2 K D]; undefined where they have embeddings.
  virtual Tensor prefix(int layer) const;
};

/// The weights as they are. Refers to `layout`; shares the tensors.
class PlainNetwork : public Network {
 public:
  /// `quantized`: the linear layers, in the place of those among `weights`, which may be undefined; or nothing.
  PlainNetwork(const ModelLayout& layout, Weights weights, std::shared_ptr<const Nf4Weights> quantized = nullptr)
      : layout_(&layout), weights_(std::move(weights)), quantized_(std::move(quantized)) {}

  const Tensor& weight(int slot) const override { return slot < 0 ? none_ : weights_[static_cast<std::size_t>(slot)]; }
  Tensor linear(int group, const Tensor& x, DropoutSource& dropout) const override;
  bool same_weights(const PlainNetwork& other) const;  ///< the same tensors, in the same form

 protected:
  const LinearGroup& group(int index) const { return layout_->groups[static_cast<std::size_t>(index)]; }
  FrozenMatrix matrix(int group) const;  ///< the weight of a group of linear layers

 private:
  const ModelLayout* layout_;
  Weights weights_;
  std::shared_ptr<const Nf4Weights> quantized_;
  Tensor none_;
};

}  // namespace pegbox::train
