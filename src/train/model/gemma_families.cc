// gemma_families: see gemma_families.h.
#include "train/model/gemma_families.h"

#include <cmath>

#include "train/model/config_members.h"
#include "train/model/llama_families.h"

namespace pegbox::train {

namespace {

constexpr std::int64_t kGemmaWindow = 4096;  // where sliding_window is left out
constexpr std::int64_t kGemma3Pattern = 6;   // the last layer of so many sees the whole document
constexpr double kLocalTheta = 10000, kGlobalTheta = 1e6;

constexpr TensorNames kGemma2Names = [] {
  TensorNames names = kLlamaNames;
  names.attention_post_norm = "post_attention_layernorm";
  names.feed_norm = "pre_feedforward_layernorm";
  names.feed_post_norm = "post_feedforward_layernorm";
  return names;
}();

void choose_gemma(ModelConfig& config) {
  config.norm_epsilon = 1e-6;
  config.positions = 8192;
  config.gain_offset = 1;
  config.activation = Activation::GeluTanh;
  config.scaled_embeddings = true;
  config.tied_embeddings = true;
}

void choose_gemma2(ModelConfig& config) {
  choose_gemma(config);
  config.post_norms = true;
  config.score_cap = 50;
  config.logit_cap = 30;
}

void choose_gemma3(ModelConfig& config) {
  choose_gemma(config);
  config.post_norms = true;
  config.head_norms = true;
  config.positions = 131072;
  config.rope.theta = kGlobalTheta;
  config.local_rope = Rope{.theta = kLocalTheta};
}

Result<void> read_gemma_sizes(const Node& node, ModelConfig& config) {
  config.head_width = 256;
  PEGBOX_CHECK(read_sizes(node, config));
  PEGBOX_CHECK(refuse_true(node, "use_bidirectional_attention"));
  return read_attention_bias(node, config);
}

/// The first config.json files said "gelu" and meant its approximation.
Result<void> read_gemma(const Node& node, ModelConfig& config) {
  PEGBOX_CHECK(read_gemma_sizes(node, config));
  PEGBOX_TRY(config.activation, read_activation(node, "hidden_act", "gelu_pytorch_tanh"));
  if (config.activation == Activation::Gelu) config.activation = Activation::GeluTanh;
  return read_rope(node, config.positions, config.rope);
}

/// What Gemma 2 and 3 share.
Result<void> read_gemma_attention(const Node& node, ModelConfig& config, std::int64_t pattern) {
  PEGBOX_TRY(config.activation, read_activation(node, "hidden_activation", "gelu_pytorch_tanh"));
  PEGBOX_TRY(const double scalar, real_or(node, "query_pre_attn_scalar", 256));
  config.score_scale = 1 / std::sqrt(scalar);
  PEGBOX_TRY(config.logit_cap, real_or_off(node, "final_logit_softcapping", config.logit_cap));
  PEGBOX_TRY(const std::int64_t window, integer_or_off(node, "sliding_window", kGemmaWindow));
  return read_windows(node, window, [pattern](std::int64_t layer) { return (layer + 1) % pattern != 0; }, config);
}

Result<void> read_gemma2(const Node& node, ModelConfig& config) {
  PEGBOX_CHECK(read_gemma_sizes(node, config));
  PEGBOX_CHECK(read_gemma_attention(node, config, 2));
  PEGBOX_TRY(config.score_cap, real_or_off(node, "attn_logit_softcapping", config.score_cap));
  return read_rope(node, config.positions, config.rope);
}

/// `rope_parameters` of transformers 5 has an object for each type of layer; `rope_scaling` of 4 is of those that see
/// all.
Result<void> read_gemma3_rope(const Node& node, ModelConfig& config) {
  PEGBOX_TRY(config.local_rope->theta, real_or(node, "rope_local_base_freq", config.local_rope->theta));
  if (!node.has("rope_parameters")) return read_rope(node, config.positions, config.rope);
  PEGBOX_TRY(config.rope.theta, real_or(node, "rope_theta", config.rope.theta));
  PEGBOX_TRY(const Node types, node.at("rope_parameters"));
  for (const auto& [name, members] : types.members()) {
    if (members.is_null()) continue;
    Rope& rope = name == "sliding_attention" ? *config.local_rope : config.rope;
    if (name != "sliding_attention" && name != "full_attention")
      return unsupported(members, "rope_parameters of gemma3_text are given for each type of layer", name,
                         "full_attention, sliding_attention");
    PEGBOX_CHECK(read_rope_members(members, config.positions, rope));
  }
  return {};
}

/// transformers reads `attn_logit_softcapping` of Gemma 3 and does not apply it; files have null.
Result<void> read_gemma3(const Node& node, ModelConfig& config) {
  PEGBOX_CHECK(read_gemma_sizes(node, config));
  PEGBOX_TRY(const std::int64_t pattern, integer_or(node, "sliding_window_pattern", kGemma3Pattern));
  if (pattern < 1) return node.fail("sliding_window_pattern is not positive", "at least 1");
  PEGBOX_CHECK(read_gemma_attention(node, config, pattern));
  PEGBOX_TRY(const double score_cap, real_or(node, "attn_logit_softcapping", 0));
  if (score_cap != 0)
    return unsupported(node, "attn_logit_softcapping is not supported in this family", std::to_string(score_cap),
                       "null");
  return read_gemma3_rope(node, config);
}

void write_gemma_common(const ModelConfig& config, Json& json, std::string_view activation_key) {
  write_sizes(config, json);
  json["attention_bias"] = config.attention_input_bias;
  json[std::string(activation_key)] = activation_name(config.activation);
}

void write_gemma(const ModelConfig& config, Json& json) {
  write_gemma_common(config, json, "hidden_act");
  write_rope(config.rope, json);
}

void write_gemma_attention(const ModelConfig& config, Json& json) {
  write_gemma_common(config, json, "hidden_activation");
  json["query_pre_attn_scalar"] =
      config.score_scale > 0 ? std::llround(1 / (config.score_scale * config.score_scale)) : config.head_width;
  json["attn_logit_softcapping"] = size_or_null(config.score_cap);
  json["final_logit_softcapping"] = size_or_null(config.logit_cap);
  const std::int64_t window = largest_window(config);
  json["sliding_window"] = window > 0 ? window : config.positions;  // transformers computes with it in any case
  json["layer_types"] = layer_types(config);
}

void write_gemma2(const ModelConfig& config, Json& json) {
  write_gemma_attention(config, json);
  write_rope(config.rope, json);
}

void write_gemma3(const ModelConfig& config, Json& json) {
  write_gemma_attention(config, json);
  json["rope_parameters"] = {{"full_attention", rope_json(config.rope)},
                             {"sliding_attention", rope_json(*config.local_rope)}};
}

bool every_other_layer(std::int64_t layer) { return layer % 2 == 0; }
bool five_of_six_layers(std::int64_t layer) { return (layer + 1) % kGemma3Pattern != 0; }

}  // namespace

const Family kGemma{
    "gemma", "GemmaForCausalLM", "GemmaForSequenceClassification", kLlamaNames, choose_gemma, read_gemma, write_gemma,
    nullptr};
const Family kGemma2{"gemma2",     "Gemma2ForCausalLM", "Gemma2ForSequenceClassification",
                     kGemma2Names, choose_gemma2,       read_gemma2,
                     write_gemma2, every_other_layer};
const Family kGemma3{"gemma3_text", "Gemma3ForCausalLM", "Gemma3TextForSequenceClassification",
                     kGemma2Names,  choose_gemma3,       read_gemma3,
                     write_gemma3,  five_of_six_layers};

}  // namespace pegbox::train
