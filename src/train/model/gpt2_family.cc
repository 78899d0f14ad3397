// gpt2_family: see gpt2_family.h.
#include "train/model/gpt2_family.h"

#include "train/model/config_members.h"

namespace pegbox::train {

namespace {

constexpr TensorNames kGpt2Names = {.prefix = "transformer.",
                                    .embedding = "transformer.wte",
                                    .positions = "transformer.wpe",
                                    .layers = "transformer.h",
                                    .final_norm = "transformer.ln_f",
                                    .attention_norm = "ln_1",
                                    .feed_norm = "ln_2",
                                    .attention_input = {"attn.c_attn"},
                                    .attention_output = "attn.c_proj",
                                    .feed_input = {"mlp.c_fc"},
                                    .feed_output = "mlp.c_proj",
                                    .transposed = true,
                                    .ignored_endings = {".attn.bias", ".attn.masked_bias"}};

void choose_gpt2(ModelConfig& config) {
  config.norm = NormKind::Layer;
  config.position = PositionKind::Learned;
  config.activation = Activation::GeluTanh;
  config.gated = false;
  config.attention_input_bias = config.attention_output_bias = config.feed_forward_bias = true;
  config.tied_embeddings = true;
}

Result<void> read_gpt2(const Node& node, ModelConfig& config) {
  PEGBOX_TRY(config.width, required_integer(node, "n_embd"));
  PEGBOX_TRY(config.layers, required_integer(node, "n_layer"));
  PEGBOX_TRY(config.heads, required_integer(node, "n_head"));
  config.kv_heads = config.heads;
  config.head_width = config.heads > 0 ? config.width / config.heads : 0;
  PEGBOX_TRY(config.feed_forward, integer_or(node, "n_inner", 4 * config.width));
  PEGBOX_TRY(config.positions, integer_or(node, "n_positions", 1024));
  PEGBOX_TRY(config.norm_epsilon, real_or(node, "layer_norm_epsilon", 1e-5));
  PEGBOX_TRY(config.tied_embeddings, boolean_or(node, "tie_word_embeddings", config.tied_embeddings));
  PEGBOX_TRY(config.activation, read_activation(node, "activation_function", "gelu_new"));
  PEGBOX_CHECK(refuse_true(node, "scale_attn_by_inverse_layer_idx"));
  PEGBOX_CHECK(refuse_true(node, "add_cross_attention"));
  PEGBOX_TRY(const bool scaled, boolean_or(node, "scale_attn_weights", true));
  if (scaled) return {};
  return unsupported(node, "scale_attn_weights is not supported", "false", "true");
}

void write_gpt2(const ModelConfig& config, Json& json) {
  json["n_embd"] = config.width;
  json["n_layer"] = config.layers;
  json["n_head"] = config.heads;
  json["n_inner"] = config.feed_forward;
  json["n_positions"] = config.positions;
  json["layer_norm_epsilon"] = config.norm_epsilon;
  json["activation_function"] = activation_name(config.activation);
}

}  // namespace

const Family kGpt2{"gpt2",     "GPT2LMHeadModel", "GPT2ForSequenceClassification", kGpt2Names, choose_gpt2, read_gpt2,
                   write_gpt2, nullptr,           /*has_head_width=*/false};

}  // namespace pegbox::train
