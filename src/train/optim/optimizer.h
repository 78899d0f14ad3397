// Optimizer: turns gradients into steps of the parameters; its state is named tensors that a snapshot keeps.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "train/tensor.h"
#include "train/train_config.h"

namespace pegbox::train {

/// One trainable tensor.
struct Parameter {
  std::string name;
  Tensor value;        ///< changed in place by the optimizer
  bool decay = false;  ///< takes part in weight decay
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One step at `learning_rate`; gradients [parameters], each with its parameter's shape.
  virtual void step(const Tensors& gradients, double learning_rate) = 0;

  /// The live state, named after the parameters; writing into these tensors restores it.
  virtual NamedTensors state() = 0;
};

std::vector<std::string_view> optimizer_names();

/// `parameters` are shared with the optimizer. The config's optimizer is a known name.
std::unique_ptr<Optimizer> make_optimizer(const TrainConfig& config, const std::vector<Parameter>& parameters);

/// Scales `gradients` so that their global norm is at most `limit` (0: no limit); returns the norm before.
double clip_gradients(const Tensors& gradients, double limit);

}  // namespace pegbox::train
