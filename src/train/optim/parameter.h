// Parameter: one trainable tensor, and how its steps differ from those of others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "train/model/layout.h"
#include "train/tensor.h"
#include "train/train_config.h"

namespace pegbox::train {

/// Matrix: it multiplies hidden states (linear layers, factors of adapters). Table: embeddings, positions and head.
enum class ParameterKind : std::uint8_t { Matrix, Table, Norm, Bias };

struct Parameter {
  std::string name;
  Tensor value;        ///< changed in place by the optimizer
  bool decay = false;  ///< takes part in weight decay

  // Completed by complete_parameters:
  ParameterKind kind = ParameterKind::Matrix;
  std::vector<std::int64_t> rows = {};  ///< heights of the matrices that lie in it one below the other; empty: one
  double rate = 1;                      ///< factor of the learning rate
  double decay_factor = 1;              ///< of the config's weight decay; with µP rate times decay stays
};

/// Completes what a method made, by names: a parameter named as a tensor of the layout is that tensor; "group.N.lora_A"
/// and "group.N.lora_B" are factors beside the linear layers of group N; "layers.N. ..." and "group.N. ..." belong to
/// that layer. Tensors of the layout decay as decay_exclude says; what a method adds keeps the decay that it gave it.
void complete_parameters(const TrainConfig& config, const ModelLayout& layout, std::vector<Parameter>& parameters);

/// The decay of a parameter: the config's, or none.
double weight_decay_of(const TrainConfig& config, const Parameter& parameter);

/// Reads decay_exclude, a list such as "norms,biases,embeddings", or "none". InvalidInput for another word.
struct DecayExclusions {
  bool norms = false, biases = false, embeddings = false;
  static Result<DecayExclusions> read(const std::string& text);
};

/// Parameters that are stepped alike: one decay, one factor of the rate.
struct ParameterGroup {
  std::vector<std::size_t> indices;  ///< of the parameters
  std::vector<std::string> names;
  Tensors values;
  double decay = 0, rate = 1;

  Tensors pick(const Tensors& all) const;  ///< those of its parameters
  Tensors zeros() const;                   ///< one tensor of zeros for each value
};

/// Groups of all `parameters`, in the order of their first members.
std::vector<ParameterGroup> group_parameters(const TrainConfig& config, const std::vector<Parameter>& parameters);

/// The matrices that lie in `tensor`, which has the parameter's shape; views. A vector is one.
Tensors pieces_of(const Parameter& parameter, const Tensor& tensor);

}  // namespace pegbox::train
