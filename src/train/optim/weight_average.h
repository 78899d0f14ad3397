// WeightAverage: a mean of the weights on the way, which is evaluated and saved in their place.
//
// ema: as torch's AveragedModel with get_ema_multi_avg_fn; tail: the plain mean over the last part of the run, as in
// stochastic weight averaging (Izmailov et al. 2018, arXiv 1803.05407). Gradients are still taken at the weights.
#pragma once

#include <vector>

#include "train/optim/parameter.h"

namespace pegbox::train {

class WeightAverage {
 public:
  WeightAverage(const TrainConfig& config, const std::vector<Parameter>& parameters);

  /// After a step, when `progress` in [0, 1] of the run is over.
  void update(double progress);

  /// The means [parameters]; empty if none is kept or the tail has not begun.
  Tensors values() const;

  NamedTensors state();  ///< live; empty if none is kept

 private:
  enum class Kind : std::uint8_t { None, Moving, Tail } kind_;
  double decay_, start_;
  std::vector<std::string> names_;
  Tensors weights_, means_;
  Tensor count_;  // of weights in the mean
};

}  // namespace pegbox::train
