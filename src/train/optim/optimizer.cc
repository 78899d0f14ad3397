// Optimizer: the table of optimizers, and clipping.
#include "train/optim/optimizer.h"

#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include "train/optim/adamw.h"

namespace pegbox::train {

namespace {

struct Row {
  std::string_view name;
  std::unique_ptr<Optimizer> (*make)(const TrainConfig&, const std::vector<Parameter>&);
};

constexpr std::array<Row, 1> kOptimizers = {{{"adamw", make_adamw}}};

}  // namespace

std::vector<std::string_view> optimizer_names() {
  std::vector<std::string_view> names;
  for (const Row& row : kOptimizers) names.push_back(row.name);
  return names;
}

std::unique_ptr<Optimizer> make_optimizer(const TrainConfig& config, const std::vector<Parameter>& parameters) {
  const auto* const row = std::ranges::find(kOptimizers, config.optimizer, &Row::name);
  assert(row != kOptimizers.end());
  return row->make(config, parameters);
}

double clip_gradients(const Tensors& gradients, double limit) {
  double squares = 0;
  for (const Tensor& norm : at::_foreach_norm(gradients)) {
    const double value = norm.item<double>();
    squares += value * value;
  }
  const double norm = std::sqrt(squares);
  // PyTorch's clip_grad_norm_ adds 1e-6 to the norm; so do we, that the same limit gives the same step.
  if (limit > 0 && norm > limit) at::_foreach_mul_(gradients, limit / (norm + 1e-6));
  return norm;
}

}  // namespace pegbox::train
