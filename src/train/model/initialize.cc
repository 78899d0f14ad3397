// initialize: see initialize.h.
#include "train/model/initialize.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_qr.h>
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

namespace {

/// The standard deviations of one model.
struct StartScale {
  const ModelConfig& config;
  const Initialization& initialization;
  double wider;  ///< than the base

  /// Those of xavier and kaiming follow the inputs by themselves; the head's are those of the base width.
  double deviation(const TensorSlot& slot, bool head, double outputs, double inputs) const {
    const std::string& kind = initialization.kind;
    const double base_inputs = head ? inputs / wider : inputs;
    if (kind == "xavier") return std::sqrt(2 / (base_inputs + outputs));
    if (kind == "kaiming") return std::sqrt(2 / base_inputs);
    double deviation = initialization.deviation;
    const bool is_residual = slot.role == TensorSlot::Role::ResidualLinear;
    if (kind == "gpt2" && is_residual) deviation /= std::sqrt(2.0 * static_cast<double>(config.layers));
    return head ? deviation : deviation / std::sqrt(wider);
  }
};

/// Q of the QR decomposition, with the signs that make it uniform over orthogonal matrices (Mezzadri 2007).
void make_orthogonal(const Tensor& matrix) {
  const bool wide = matrix.size(0) < matrix.size(1);
  const auto [q, r] = at::linalg_qr(wide ? matrix.t() : matrix);
  const Tensor signed_q = q.mul(r.diagonal().sign());
  matrix.copy_(wide ? signed_q.t() : signed_q);
}

void fill_matrix(Tensor& weight, const TensorSlot& slot, bool head, const StartScale& start, std::uint64_t seed) {
  const RngKey key{seed, stream_id("initialize " + slot.name)};
  const std::string& kind = start.initialization.kind;
  const double inputs = static_cast<double>(weight.size(1));
  const bool by_outputs = kind == "orthogonal" || kind == "xavier";
  fill_normal(weight, by_outputs ? 1 : start.deviation(slot, head, 1, inputs), key);
  if (!by_outputs) return;
  for (const Piece& piece : slot.pieces) {
    const Tensor part = weight.narrow(0, piece.row, piece.rows);
    if (kind == "orthogonal")
      make_orthogonal(part);
    else
      part.mul_(start.deviation(slot, head, static_cast<double>(piece.rows), inputs));
  }
}

}  // namespace

std::vector<std::string_view> initialization_names() { return {"gpt2", "normal", "xavier", "kaiming", "orthogonal"}; }

Weights initialize_weights(const ModelConfig& config, const ModelLayout& layout, std::uint64_t seed,
                           const Initialization& initialization) {
  using Role = TensorSlot::Role;
  const StartScale start{config, initialization, initialization.parametrization.wider(config.width)};
  Weights weights;
  for (std::size_t i = 0; i < layout.slots.size(); ++i) {
    const TensorSlot& slot = layout.slots[i];
    if (slot.role == Role::NormWeight) {
      weights.push_back(at::full(slot.shape, 1 - config.gain_offset, at::kFloat));
    } else if (slot.role == Role::NormBias || slot.role == Role::Bias) {
      weights.push_back(at::zeros(slot.shape, at::kFloat));
    } else {
      weights.push_back(at::empty(slot.shape, at::kFloat));
      if (slot.role == Role::Embedding)
        fill_normal(weights.back(), initialization.deviation, {seed, stream_id("initialize " + slot.name)});
      else
        fill_matrix(weights.back(), slot, static_cast<int>(i) == layout.head, start, seed);
    }
  }
  return weights;
}

Weights initialize_weights(const ModelConfig& config, const ModelLayout& layout, std::uint64_t seed) {
  return initialize_weights(config, layout, seed, {.kind = "gpt2", .deviation = config.initializer_range});
}

}  // namespace pegbox::train
