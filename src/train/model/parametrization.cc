// Parametrization: see parametrization.h.
#include "train/model/parametrization.h"

#include <ATen/TensorOperators.h>

#include <cmath>

#include "train/train_config.h"

namespace pegbox::train {

namespace {

/// Puts factors into copies of weights.
class Folding {
 public:
  Folding(const ModelLayout& layout, Tensors weights, double gain_offset)
      : layout_(layout), weights_(std::move(weights)), gain_offset_(gain_offset) {}

  void scale(int slot, double factor) {
    if (slot >= 0) at(slot) = at(slot) * factor;
  }

  /// What a gain multiplies by is its weight and an offset.
  void scale_gain(int slot, double factor) { at(slot) = (at(slot) + gain_offset_) * factor - gain_offset_; }

  void scale_norm(const NormSlots& norm, double factor) {
    scale_gain(norm.gain, factor);
    scale(norm.bias, factor);
  }

  /// Rows of the queries, which come first.
  void scale_queries(int group, std::int64_t rows, double factor) {
    const LinearGroup& linear = layout_.groups[static_cast<std::size_t>(group)];
    for (const int slot : {linear.weight, linear.bias}) {
      if (slot < 0) continue;
      at(slot) = at(slot).clone();
      at(slot).narrow(0, 0, rows).mul_(factor);
    }
  }

  Tensors take() { return std::move(weights_); }

 private:
  Tensor& at(int slot) { return weights_[static_cast<std::size_t>(slot)]; }

  const ModelLayout& layout_;
  Tensors weights_;
  double gain_offset_;
};

}  // namespace

std::vector<std::string_view> parametrization_names() { return {"standard", "mup"}; }

Parametrization Parametrization::of(const TrainConfig& config) {
  return {config.parametrization == "mup", config.base_width, config.base_head_dim};
}

double Parametrization::wider(std::int64_t width) const {
  return follows_width ? static_cast<double>(width) / static_cast<double>(base_width) : 1;
}

void Parametrization::set_factors(ModelConfig& model) const {
  if (!follows_width) return;
  model.score_factor = std::sqrt(static_cast<double>(base_head_dim) / static_cast<double>(model.head_width));
  model.output_factor = 1 / wider(model.width);
  if (model.scaled_embeddings) model.token_scale = std::sqrt(static_cast<double>(base_width));
}

bool has_factors(const ModelConfig& model) {
  return model.score_factor != 1 || model.token_scale > 0 || model.output_factor != 1;
}

PlainModel without_factors(const ModelConfig& model, const ModelLayout& layout, const Tensors& weights) {
  PlainModel plain{model, weights};
  if (!has_factors(model)) return plain;
  plain.config.token_scale = 0;
  plain.config.score_factor = plain.config.output_factor = 1;
  Folding folding(layout, weights, model.gain_offset);
  const double tokens = model.embedding_scale() / plain.config.embedding_scale();
  folding.scale(layout.embedding, tokens);
  folding.scale_norm(layout.final_norm, model.output_factor / (layout.head == layout.embedding ? tokens : 1));
  for (const LayerSlots& layer : layout.layers) {
    if (layer.query_norm.gain >= 0)
      folding.scale_gain(layer.query_norm.gain, model.score_factor);
    else
      folding.scale_queries(layer.attention_input, model.heads * model.head_width, model.score_factor);
  }
  plain.weights = folding.take();
  return plain;
}

}  // namespace pegbox::train
