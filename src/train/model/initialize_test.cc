// Tests of initial weights: the deviations that the papers give, layer by layer.
#include "train/model/initialize.h"

#include <cmath>

#include "train/testing.h"

namespace pegbox::train {
namespace {

using testing::same_bits;

ModelConfig wide_config() {
  ModelConfig config = testing::llama_config();
  config.width = 128;
  config.heads = 4;
  config.kv_heads = 2;
  config.head_width = 32;
  config.feed_forward = 320;
  config.tied_embeddings = false;
  return config;
}

/// Calls function(name in the file, slot, outputs, inputs, values) for every matrix of a layer or the head.
template <class Function>
void each_matrix(const Weights& weights, const ModelLayout& layout, Function&& function) {
  for (std::size_t i = 0; i < layout.slots.size(); ++i) {
    const TensorSlot& slot = layout.slots[i];
    if (!slot.is_matrix() || slot.role == TensorSlot::Role::Embedding) continue;
    for (const Piece& piece : slot.pieces)
      function(piece.name, slot, static_cast<double>(piece.rows), static_cast<double>(slot.shape[1]),
               weights[i].narrow(0, piece.row, piece.rows));
  }
}

double deviation_of(const Tensor& tensor) { return std::sqrt(tensor.square().mean().item<double>()); }

TEST(Initialization, HasThePublishedDeviations) {
  const ModelConfig config = wide_config();
  const ModelLayout layout = layout_of(config);
  for (const std::string kind : {"gpt2", "normal", "xavier", "kaiming"}) {
    const Weights weights = initialize_weights(config, layout, 1, {.kind = kind, .deviation = 0.05});
    each_matrix(
        weights, layout,
        [&](const std::string& name, const TensorSlot& slot, double outputs, double inputs, const Tensor& values) {
          double expected = 0.05;
          if (kind == "xavier") expected = std::sqrt(2 / (inputs + outputs));
          if (kind == "kaiming") expected = std::sqrt(2 / inputs);
          if (kind == "gpt2" && slot.role == TensorSlot::Role::ResidualLinear) expected /= 2;  // 2 layers
          EXPECT_NEAR(deviation_of(values), expected, 0.06 * expected) << kind << ' ' << name;
        });
    EXPECT_NEAR(deviation_of(weights[static_cast<std::size_t>(layout.embedding)]), 0.05, 0.003) << kind;
    EXPECT_EQ(weights[static_cast<std::size_t>(layout.final_norm.gain)].min().item<double>(), 1);
  }
}

TEST(Initialization, IsOrthogonalLayerByLayer) {
  const ModelConfig config = wide_config();
  const ModelLayout layout = layout_of(config);
  const Weights weights = initialize_weights(config, layout, 1, {.kind = "orthogonal"});
  each_matrix(weights, layout,
              [&](const std::string& name, const TensorSlot&, double outputs, double inputs, const Tensor& values) {
                const Tensor gram = outputs < inputs ? at::mm(values, values.t()) : at::mm(values.t(), values);
                EXPECT_LT((gram - at::eye(gram.size(0))).abs().max().item<double>(), 1e-5) << name;
              });
}

TEST(Initialization, IsGpt2sUnlessSomethingElseIsSaid) {
  const ModelConfig config = wide_config();
  const ModelLayout layout = layout_of(config);
  const Weights usual = initialize_weights(config, layout, 7), named = initialize_weights(config, layout, 7, {});
  for (std::size_t i = 0; i < usual.size(); ++i) EXPECT_TRUE(same_bits(usual[i], named[i]));
}

}  // namespace
}  // namespace pegbox::train
