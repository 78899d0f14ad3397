// Adapter norms: see adapter_norms.h.
#include "train/inspect/adapter_norms.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linalg_svdvals.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/norm.h>
#include <c10/core/InferenceMode.h>

#include <cmath>

#include "train/method/lora.h"

namespace pegbox::train {

namespace {

constexpr double kEnergy = 0.99;

/// Of scale B A, from the triangles of their QR decompositions: a product of two small matrices has the same.
Tensor singular_values(const LoraFactors& factors, const LoraPart& part, std::size_t index) {
  const auto a_of = [&](const Tensor& a) {
    return a.narrow(0, static_cast<std::int64_t>(index) * factors.rank, factors.rank).to(at::kDouble);
  };
  const auto b_of = [&](const Tensor& b) { return b.narrow(0, part.factor_row, part.rows).to(at::kDouble); };
  Tensor a = a_of(factors.a), b = b_of(factors.b);
  if (factors.start_a.defined()) {
    a = at::cat({a, a_of(factors.start_a)});
    b = at::cat({b, -b_of(factors.start_b)}, 1);
  }
  const Tensor right = std::get<1>(at::linalg_qr(a.t())), left = std::get<1>(at::linalg_qr(b));
  return at::linalg_svdvals(at::matmul(left, right.t())) * factors.scale;
}

std::int64_t energy_rank(const Tensor& values) {
  const Tensor squares = values.square().contiguous();  // the largest first
  const double all = squares.sum().item<double>();
  double sum = 0;
  for (std::int64_t i = 0; i < squares.numel(); ++i) {
    if (sum >= kEnergy * all) return i;
    sum += squares.const_data_ptr<double>()[i];
  }
  return squares.numel();
}

Tensor base_weight(const BaseModel& base, int group) {
  const Tensor& weight =
      base.weights[static_cast<std::size_t>(base.decoder->layout().groups[static_cast<std::size_t>(group)].weight)];
  return weight.defined() ? weight : base.nf4->weight(static_cast<std::size_t>(group));
}

}  // namespace

std::vector<AdapterNorm> adapter_norms(const BaseModel& base, const Network& network) {
  const auto* const lora = dynamic_cast<const LoraNetwork*>(&network);
  if (lora == nullptr) return {};
  const c10::InferenceMode no_gradients;
  const ModelLayout& layout = base.decoder->layout();
  std::vector<AdapterNorm> norms;
  for (std::size_t layer = 0; layer < layout.layers.size(); ++layer)
    for (const int group : layout.layers[layer].groups()) {
      const LoraFactors& factors = lora->update_of(group).factors;
      for (std::size_t i = 0; i < factors.parts.size(); ++i) {
        const LoraPart& part = factors.parts[i];
        const Tensor values = singular_values(factors, part, i);
        const double norm = std::sqrt(values.square().sum().item<double>());
        const Tensor weight = base_weight(base, group).narrow(0, part.row, part.rows).to(at::kDouble);
        std::string target;
        for (const LinearPart& linear : layout.groups[static_cast<std::size_t>(group)].parts)
          if (linear.row == part.row) target = linear.target;
        norms.push_back({.layer = layer,
                         .target = std::move(target),
                         .norm = norm,
                         .relative_norm = norm / at::norm(weight).item<double>(),
                         .rank = factors.rank,
                         .energy_rank = energy_rank(values)});
      }
    }
  return norms;
}

}  // namespace pegbox::train
