// scratch_model: see scratch_model.h.
#include "train/method/scratch_model.h"

#include <algorithm>

#include "train/guard.h"

namespace pegbox::train {

namespace {

constexpr std::int64_t kFeedForwardMultiple = 32;
constexpr std::int64_t kLeastPositions = 512;

void shape_like_gpt2(ModelConfig& shape) {
  shape.norm = NormKind::Layer;
  shape.position = PositionKind::Learned;
  shape.activation = Activation::GeluTanh;
  shape.attention_input_bias = shape.attention_output_bias = shape.feed_forward_bias = true;
  shape.kv_heads = shape.heads;
}

}  // namespace

Result<BaseModel> scratch_model(const TrainConfig& config, std::int64_t vocabulary, std::int64_t end_token) {
  ModelConfig shape{.family = config.shape,
                    .vocabulary = vocabulary,
                    .width = config.width,
                    .layers = config.layers,
                    .heads = config.heads};
  shape.kv_heads = config.kv_heads > 0 ? config.kv_heads : config.heads;
  if (config.width % config.heads != 0)
    return fail(ErrorKind::InvalidInput, {.where = "architecture",
                                          .what = "heads do not divide the width",
                                          .got = std::to_string(config.heads) + " and " + std::to_string(config.width),
                                          .expected = "a width that is a multiple of heads"});
  shape.head_width = config.width / config.heads;
  const bool gpt2 = config.shape == "gpt2";
  const std::int64_t usual =
      gpt2 ? 4 * config.width
           : (8 * config.width / 3 + kFeedForwardMultiple - 1) / kFeedForwardMultiple * kFeedForwardMultiple;
  shape.feed_forward = config.feed_forward > 0 ? config.feed_forward : usual;
  shape.positions = config.positions > 0 ? config.positions : std::max(kLeastPositions, config.sequence_length);
  shape.tied_embeddings = config.tie_embeddings;
  shape.begin_token = shape.end_token = end_token;
  if (gpt2) shape_like_gpt2(shape);
  PEGBOX_CHECK(check_model_config(shape, "architecture"));
  return guard("architecture", [&]() -> Result<BaseModel> {
    BaseModel model;
    model.decoder = std::make_unique<Decoder>(shape, layout_of(shape));
    return model;
  });
}

}  // namespace pegbox::train
