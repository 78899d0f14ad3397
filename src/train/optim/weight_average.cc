// WeightAverage: see weight_average.h.
#include "train/optim/weight_average.h"

#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

namespace pegbox::train {

WeightAverage::WeightAverage(const TrainConfig& config, const std::vector<Parameter>& parameters)
    : kind_(config.average == "ema" ? Kind::Moving : (config.average == "tail" ? Kind::Tail : Kind::None)),
      decay_(config.average_decay),
      start_(1 - config.average_fraction),
      count_(at::zeros({}, at::kDouble)) {
  if (kind_ == Kind::None) return;
  for (const Parameter& parameter : parameters) {
    names_.push_back(parameter.name);
    weights_.push_back(parameter.value.detach());
    means_.push_back(at::zeros_like(weights_.back()));
  }
}

void WeightAverage::update(double progress) {
  if (kind_ == Kind::None || (kind_ == Kind::Tail && progress < start_)) return;
  count_.add_(1);
  const double count = count_.item<double>();
  if (count == 1)
    at::_foreach_copy_(means_, weights_);
  else
    at::_foreach_lerp_(means_, weights_, kind_ == Kind::Moving ? 1 - decay_ : 1 / count);
}

Tensors WeightAverage::values() const { return count_.item<double>() > 0 ? means_ : Tensors(); }

NamedTensors WeightAverage::state() {
  if (kind_ == Kind::None) return {};
  NamedTensors state{{"count", count_}};
  for (std::size_t i = 0; i < names_.size(); ++i) state[names_[i]] = means_[i];
  return state;
}

}  // namespace pegbox::train
