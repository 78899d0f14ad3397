// Consolidation: what holds the values that the earlier sets of a stream need: elastic weight consolidation.
//
// Kirkpatrick et al. 2017 (arXiv 1612.00796) in the online form of Schwarz et al. 2018 (arXiv 1805.06370), which keeps
// two copies of the values however many sets there are. At the end of a stage
//   F <- decay F + F_stage,   a <- w,
// and the stages after it learn their loss + strength / 2 · sum of F (w - a)². F_stage is the diagonal of the empirical
// Fisher information, per label token: the sum over some rows of g², divided by their labels, with g the gradient of a
// row's negative log-likelihood, without dropout and without what a config adds to losses. Losses are means over label
// tokens too, so that a strength of 1 weighs the earlier sets, as far as they are quadratic, as much as the new one.
#pragma once

#include <cstdint>
#include <span>

#include "train/learner.h"
#include "train/tensor.h"
#include "train/train_config.h"

namespace pegbox::train {

class Consolidation {
 public:
  /// Nothing is held yet; with the config's consolidation `none` nothing ever is.
  explicit Consolidation(const TrainConfig& config)
      : is_wanted_(config.consolidation == "ewc"), strength_(config.ewc_strength), decay_(config.ewc_decay) {}

  bool is_wanted() const { return is_wanted_; }

  /// Holds the values as they are at the end of a stage, by `rows` of what it learned. Leaves no gradients. Throws what
  /// libtorch throws, and is then of no further use.
  void learn(Learner& learner, std::span<const std::int64_t> rows);

  /// Adds the penalty's gradients to those of a batch [parameters].
  void add_gradients(const std::vector<Parameter>& parameters, const Tensors& gradients) const;

  /// What is held, named after the parameters; empty before the first stage's end.
  NamedTensors state(const std::vector<Parameter>& parameters) const;
  /// Copies of what `state` gave; where some are missing, nothing is held.
  void restore(const NamedTensors& state, const std::vector<Parameter>& parameters);

 private:
  bool is_wanted_;
  double strength_, decay_;
  Tensors fisher_, anchors_;  // [parameters]; empty: nothing is held
};

/// Bytes that a run's consolidation comes to hold for values of so many.
double consolidation_bytes(const TrainConfig& config, double values_bytes);

}  // namespace pegbox::train
