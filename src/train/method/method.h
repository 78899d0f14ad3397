// Method: which parameters are trained, how they act on a decoder, and how they are written.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "train/method/trace.h"
#include "train/model/decoder.h"
#include "train/model/model_files.h"
#include "train/model/network.h"
#include "train/optim/optimizer.h"
#include "train/train_config.h"

namespace pegbox::train {

class Method {
 public:
  virtual ~Method() = default;

  /// What is trained, in a fixed order, without values: tensors of the meta device, which take no memory.
  virtual std::vector<Parameter> parameter_shapes() const = 0;
  std::int64_t parameter_count() const;  ///< numbers that are trained

  /// The same as new tensors at their initial values. They are the caller's.
  virtual std::vector<Parameter> initial_parameters(std::uint64_t seed) const = 0;

  /// The decoder's weights with these parameters at work; `values` has the order and shapes of the parameters and is
  /// shared, so that steps of the optimizer are seen. Refers to the method.
  virtual std::unique_ptr<Network> network(const Tensors& values) const = 0;

  /// Bytes that it keeps for a run besides parameters and the base.
  virtual std::int64_t own_bytes() const { return 0; }

  /// Trained rows before every document, which have activations too.
  virtual std::int64_t virtual_tokens() const { return 0; }

  /// Dropout inside the model while training.
  virtual ModelDropout model_dropout() const { return {}; }

  /// What its networks' `linear` and `feed_forward` leave in memory, on the tape instead of in tensors.
  virtual Trace::Sized trace_linear(Trace& trace, int group, const Trace::Sized& x) const;
  virtual Trace::Sized trace_feed_forward(Trace& trace, int layer, const Trace::Sized& input,
                                          const Trace::Sized& result) const;

  /// Writes what others load: a model folder's weights and config, or an adapter (docs/formats.md).
  virtual Result<void> save(const Path& folder, const Tensors& values) const = 0;

  /// The weights of a plain model that gives the same answers: new tensors, or the base's. Unsupported where no weights
  /// of the base's shapes do.
  virtual Result<Weights> merged(const Tensors& values) const = 0;
};

/// What a method changes among the defaults of TrainConfig; sources stand in its field table.
struct MethodDefaults {
  double learning_rate;  ///< 0: by the model's size and the run's length
  double weight_decay, beta2;
};

/// A tensor that has a shape, and no memory.
Tensor shape_only(const std::vector<std::int64_t>& shape);

std::vector<std::string_view> method_names();
const MethodDefaults& method_defaults(std::string_view name);  ///< of a known name
bool method_needs_base(std::string_view name);                 ///< false: it starts from random weights
bool method_trains(std::string_view name);                     ///< false: a run is over before its first step

/// `base` (its weights stay as they are; empty for scratch) must outlive the method. Its name is written into adapters.
/// InvalidInput if the config does not fit the model (a target that does not exist, ...).
Result<std::unique_ptr<Method>> make_method(const TrainConfig& config, const BaseModel& base);

/// What was trained, read from a folder.
struct Adapter {
  std::unique_ptr<Method> method;
  Tensors values;
};

/// Reads an adapter of this base, PEFT's own too; `base` must outlive it. NotFound without an adapter; Unsupported for
/// kinds of adapters that no method writes; InvalidInput for tensors that do not fit the base.
Result<Adapter> load_adapter(const Path& folder, const BaseModel& base);

}  // namespace pegbox::train
