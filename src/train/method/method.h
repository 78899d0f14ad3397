// Method: which parameters are trained, and how they act on a decoder's linear layers.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "train/model/decoder.h"
#include "train/model/network.h"
#include "train/optim/optimizer.h"
#include "train/train_config.h"

namespace pegbox::train {

class Method {
 public:
  virtual ~Method() = default;

  virtual std::int64_t parameter_count() const = 0;  ///< numbers that are trained

  /// New trainable tensors at their initial values, in a fixed order. They are the caller's.
  virtual std::vector<Parameter> initial_parameters(std::uint64_t seed) const = 0;

  /// The decoder's weights with these parameters at work; `values` has the order and shapes of the parameters and is
  /// shared, so that steps of the optimizer are seen. Refers to the method.
  virtual std::unique_ptr<Network> network(const Tensors& values) const = 0;

  /// Dropout inside the model while training.
  virtual ModelDropout model_dropout() const { return {}; }

  /// Writes what others load: a model folder's weights and config, or an adapter in PEFT's format.
  virtual Result<void> save(const Path& folder, const Tensors& values) const = 0;
};

/// What a method changes among the defaults of TrainConfig; sources stand in its field table.
struct MethodDefaults {
  double learning_rate, weight_decay, beta2;
};

std::vector<std::string_view> method_names();
const MethodDefaults& method_defaults(std::string_view name);  ///< of a known name
bool method_needs_base(std::string_view name);                 ///< false: it starts from random weights

/// `decoder` and `base` (weights that stay as they are; empty for scratch) must outlive the method. `base_name` is
/// written into adapters. InvalidInput if the config does not fit the model (a target that does not exist, ...).
Result<std::unique_ptr<Method>> make_method(const TrainConfig& config, const Decoder& decoder, const Weights& base,
                                            const std::string& base_name);

}  // namespace pegbox::train
