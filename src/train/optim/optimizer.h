// Optimizer: turns gradients into steps of the parameters; its state is named tensors that a snapshot keeps.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "train/optim/parameter.h"
#include "train/train_config.h"

namespace pegbox::train {

class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One step at `learning_rate`; gradients [parameters], each with its parameter's shape.
  virtual void step(const Tensors& gradients, double learning_rate) = 0;

  /// The live state, named after the parameters; writing into these tensors restores it.
  virtual NamedTensors state() = 0;

  /// The values to evaluate and to save [parameters], where they are not those that gradients are taken at; new
  /// tensors. Empty: the parameters themselves.
  virtual Tensors averages() const { return {}; }
};

/// What an optimizer changes among the defaults of TrainConfig; -1: it has no such field.
struct OptimizerDefaults {
  double rate_factor = 1;  ///< of the method's default learning rate, which is AdamW's
  double beta1 = -1, beta2 = -1, momentum = -1, epsilon = -1;
  bool quantizes = false;  ///< reads state_precision
};
inline constexpr double kByMethod = -2;  ///< of beta2: it has the field, and the method knows the default

std::vector<std::string_view> optimizer_names();
const OptimizerDefaults& optimizer_defaults(std::string_view name);  ///< of a known name

/// Bytes of the state that the optimizer keeps for such parameters, which may be tensors of the meta device.
std::int64_t optimizer_state_bytes(const TrainConfig& config, const std::vector<Parameter>& parameters);

/// `parameters` are shared with the optimizer. The config is resolved: it was read by read_train_config.
std::unique_ptr<Optimizer> make_optimizer(const TrainConfig& config, const std::vector<Parameter>& parameters);

}  // namespace pegbox::train
