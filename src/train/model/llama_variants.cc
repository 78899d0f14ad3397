// llama_variants: see llama_variants.h.
#include "train/model/llama_variants.h"

#include "train/model/config_members.h"
#include "train/model/llama_families.h"

namespace pegbox::train {

namespace {

constexpr double kStableLmShare = 0.25;  // of a head that is turned, where the file is silent

constexpr TensorNames kArceeNames = [] {
  TensorNames names = kLlamaNames;
  names.feed_input = {"mlp.up_proj"};
  return names;
}();

constexpr TensorNames kStarCoder2Names = [] {
  TensorNames names = kLlamaNames;
  names.feed_input = {"mlp.c_fc"};
  names.feed_output = "mlp.c_proj";
  return names;
}();

void choose_arcee(ModelConfig& config) {
  config.gated = false;
  config.activation = Activation::ReluSquared;
  config.positions = 4096;
}

Result<void> read_arcee(const Node& node, ModelConfig& config) { return read_llama_like(node, config, "relu2"); }

void choose_stablelm(ModelConfig& config) {
  config.norm = NormKind::Layer;
  config.positions = 4096;
}

Result<void> read_stablelm(const Node& node, ModelConfig& config) {
  PEGBOX_CHECK(read_sizes(node, config, "layer_norm_eps"));
  PEGBOX_CHECK(refuse_true(node, "qk_layernorm"));
  PEGBOX_CHECK(refuse_true(node, "use_parallel_residual"));
  PEGBOX_TRY(config.attention_input_bias, boolean_or(node, "use_qkv_bias", false));
  PEGBOX_TRY(config.activation, read_activation(node, "hidden_act", "silu"));
  config.rope.share = kStableLmShare;
  PEGBOX_CHECK(read_partial_rope(node, config.positions, config.rope));
  if (config.rope.share > 0 && config.rope.share <= 1) return {};
  return node.fail("partial_rotary_factor is no share", "above 0, at most 1");
}

void write_stablelm(const ModelConfig& config, Json& json) {
  write_sizes(config, json, "layer_norm_eps");
  json["use_qkv_bias"] = config.attention_input_bias;
  json["hidden_act"] = activation_name(config.activation);
  write_rope(config.rope, json);
  json["partial_rotary_factor"] = json["rope_parameters"]["partial_rotary_factor"] = config.rope.share;
}

void choose_starcoder2(ModelConfig& config) {
  config.norm = NormKind::Layer;
  config.gated = false;
  config.activation = Activation::GeluTanh;
  config.attention_input_bias = config.attention_output_bias = config.feed_forward_bias = true;
  config.tied_embeddings = true;
  config.positions = 4096;
}

Result<void> read_starcoder2(const Node& node, ModelConfig& config) {
  PEGBOX_CHECK(read_sizes(node, config, "norm_epsilon"));
  PEGBOX_TRY(const bool bias, boolean_or(node, "use_bias", true));
  config.attention_input_bias = config.attention_output_bias = config.feed_forward_bias = bias;
  PEGBOX_TRY(config.activation, read_activation(node, "hidden_act", "gelu_pytorch_tanh"));
  PEGBOX_TRY(const std::int64_t window, integer_or(node, "sliding_window", 0));
  config.windows.assign(static_cast<std::size_t>(config.layers), window);
  return read_rope(node, config.positions, config.rope);
}

void write_starcoder2(const ModelConfig& config, Json& json) {
  write_sizes(config, json, "norm_epsilon");
  json["use_bias"] = config.feed_forward_bias;
  json["hidden_act"] = activation_name(config.activation);
  json["sliding_window"] = size_or_null(largest_window(config));
  write_rope(config.rope, json);
}

}  // namespace

const Family kArcee{
    "arcee", "ArceeForCausalLM", "ArceeForSequenceClassification", kArceeNames, choose_arcee, read_arcee, write_llama,
    nullptr};
const Family kStableLm{"stablelm",
                       "StableLmForCausalLM",
                       "StableLmForSequenceClassification",
                       kLlamaNames,
                       choose_stablelm,
                       read_stablelm,
                       write_stablelm,
                       nullptr,
                       /*has_head_width=*/false};
const Family kStarCoder2{"starcoder2",
                         "Starcoder2ForCausalLM",
                         "Starcoder2ForSequenceClassification",
                         kStarCoder2Names,
                         choose_starcoder2,
                         read_starcoder2,
                         write_starcoder2,
                         every_layer};

}  // namespace pegbox::train
