// initialize: see initialize.h.
#include "train/model/initialize.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <numbers>

namespace pegbox::train {

void fill_normal(Tensor& tensor, double deviation, const RngKey& key) {
  Rng rng(key);
  float* const values = tensor.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); i += 2) {  // Box and Muller 1958: two uniforms, two normals
    const double radius = deviation * std::sqrt(-2 * std::log(1 - rng.uniform()));
    const double angle = 2 * std::numbers::pi * rng.uniform();
    values[i] = static_cast<float>(radius * std::cos(angle));
    if (i + 1 < tensor.numel()) values[i + 1] = static_cast<float>(radius * std::sin(angle));
  }
}

void fill_uniform(Tensor& tensor, double bound, const RngKey& key) {
  Rng rng(key);
  float* const values = tensor.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = static_cast<float>(bound * (2 * rng.uniform() - 1));
}

Weights initialize_weights(const ModelConfig& config, const ModelLayout& layout, std::uint64_t seed) {
  using Role = TensorSlot::Role;
  Weights weights;
  for (const TensorSlot& slot : layout.slots) {
    if (slot.role == Role::NormWeight) {
      weights.push_back(at::ones(slot.shape, at::kFloat));
    } else if (slot.role == Role::NormBias || slot.role == Role::Bias) {
      weights.push_back(at::zeros(slot.shape, at::kFloat));
    } else {
      const double depth =
          slot.role == Role::ResidualLinear ? std::sqrt(2.0 * static_cast<double>(config.layers)) : 1.0;
      weights.push_back(at::empty(slot.shape, at::kFloat));
      fill_normal(weights.back(), config.initializer_range / depth, {seed, stream_id("initialize " + slot.name)});
    }
  }
  return weights;
}

}  // namespace pegbox::train
