// Moment: one tensor of an optimizer's state, kept in the precision that state_precision asks for, worked on in fp32.
//
// bf16 rounds stochastically, up with the probability of what is cut off: a mean that moves by a thousandth of itself
// at a step would never move if it were rounded to the nearest of bf16's values, which are a 128th apart. The random
// bits are a function of the seed, the name and the number of the rounding. int8 rounds to the nearest code
// (kernels/dynamic_type.h).
#pragma once

#include <cstdint>
#include <string>

#include "train/kernels/dynamic_type.h"
#include "train/tensor.h"
#include "train/train_config.h"

namespace pegbox::train {

class Moment {
 public:
  /// Zeros of the shape of `like`. `range`: whether the values can be negative.
  Moment(const TrainConfig& config, const Tensor& like, const std::string& name, DynamicRange range);

  /// In fp32: the state itself where it is kept so, else a new tensor.
  Tensor values() const;

  /// Makes what `values` returned, and was changed since, the state.
  void keep(const Tensor& values);

  /// Adds the live tensors: `name`, and "name.scales" or "name.roundings" beside it.
  void add_to(NamedTensors& state) const;

 private:
  std::string name_;
  DynamicRange range_;
  std::uint64_t key_;
  Tensor kept_;       // as `like`, of the precision
  Tensor scales_;     // [blocks]; int8
  Tensor roundings_;  // [] int64: how many there were; bf16
};

}  // namespace pegbox::train
