// Clipping: see clipping.h.
#include "train/optim/clipping.h"

#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>

#include <array>
#include <cmath>

namespace pegbox::train {

namespace {

constexpr double kLeastWeightNorm = 1e-3;  // a matrix that starts at 0 could never move

double global_norm(const Tensors& gradients) {
  double squares = 0;
  for (const Tensor& norm : at::_foreach_norm(gradients)) {
    const double value = norm.item<double>();
    squares += value * value;
  }
  return std::sqrt(squares);
}

/// Norms of the rows of a matrix [O, 1], of a vector as a whole [1].
Tensor unit_norms(const Tensor& tensor) {
  constexpr std::array<std::int64_t, 1> kColumns = {1}, kAll = {0};
  return tensor.dim() == 2 ? tensor.norm(2, kColumns, /*keepdim=*/true) : tensor.norm(2, kAll, /*keepdim=*/true);
}

}  // namespace

double clip_gradients(const Tensors& gradients, double limit) {
  const double norm = global_norm(gradients);
  // PyTorch's clip_grad_norm_ adds 1e-6 to the norm; so do we, that the same limit gives the same step.
  if (limit > 0 && norm > limit) at::_foreach_mul_(gradients, limit / (norm + 1e-6));
  return norm;
}

void clip_values(const Tensors& gradients, double limit) {
  if (limit <= 0) return;
  for (const Tensor& gradient : gradients) gradient.clamp_(-limit, limit);
}

void clip_adaptively(const std::vector<Parameter>& parameters, const Tensors& gradients, double limit) {
  if (limit <= 0) return;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].kind == ParameterKind::Table) continue;
    const Tensor most = unit_norms(parameters[i].value.detach()).clamp_min(kLeastWeightNorm).mul_(limit);
    gradients[i].mul_(most.div(unit_norms(gradients[i]).clamp_min(1e-30)).clamp_max(1));
  }
}

double clip_all(const TrainConfig& config, const std::vector<Parameter>& parameters, const Tensors& gradients) {
  if (config.clip_adaptive <= 0 && config.clip_value <= 0) return clip_gradients(gradients, config.clip);
  const double norm = global_norm(gradients);
  clip_adaptively(parameters, gradients, config.clip_adaptive);
  clip_values(gradients, config.clip_value);
  clip_gradients(gradients, config.clip);
  return norm;
}

}  // namespace pegbox::train
