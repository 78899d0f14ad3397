// llama_families: see llama_families.h.
#include "train/model/llama_families.h"

#include <algorithm>

#include "train/model/config_members.h"

namespace pegbox::train {

namespace {

constexpr std::int64_t kQwenFirstWindow = 28;  // the layer, where max_window_layers is left out
constexpr std::int64_t kUsualWindow = 4096;

void choose_llama(ModelConfig& config) {
  config.norm_epsilon = 1e-6;
  config.positions = 2048;
}

Result<void> read_llama(const Node& node, ModelConfig& config) { return read_llama_like(node, config, "silu"); }

void choose_mistral(ModelConfig& config) {
  config.norm_epsilon = 1e-6;
  config.positions = 4096 * 32;
}

Result<void> read_mistral(const Node& node, ModelConfig& config) {
  PEGBOX_CHECK(read_sizes(node, config));
  PEGBOX_TRY(config.activation, read_activation(node, "hidden_act", "silu"));
  PEGBOX_TRY(const std::int64_t window, integer_or_off(node, "sliding_window", kUsualWindow));
  config.windows.assign(static_cast<std::size_t>(config.layers), window);
  return read_rope(node, config.positions, config.rope);
}

void write_mistral(const ModelConfig& config, Json& json) {
  write_sizes(config, json);
  json["hidden_act"] = activation_name(config.activation);
  json["sliding_window"] = size_or_null(largest_window(config));
  write_rope(config.rope, json);
}

void choose_qwen2(ModelConfig& config) {
  config.norm_epsilon = 1e-6;
  config.positions = 32768;
  config.attention_input_bias = true;
}

void choose_qwen3(ModelConfig& config) {
  config.norm_epsilon = 1e-6;
  config.positions = 32768;
  config.head_norms = true;
}

/// Layers from `max_window_layers` on have a window, if `use_sliding_window` says so.
Result<void> read_qwen(const Node& node, ModelConfig& config) {
  PEGBOX_TRY(config.activation, read_activation(node, "hidden_act", "silu"));
  PEGBOX_TRY(const bool used, boolean_or(node, "use_sliding_window", false));
  PEGBOX_TRY(const std::int64_t window, integer_or_off(node, "sliding_window", kUsualWindow));
  PEGBOX_TRY(const std::int64_t first, integer_or(node, "max_window_layers", kQwenFirstWindow));
  PEGBOX_CHECK(read_windows(node, used ? window : 0, [first](std::int64_t layer) { return layer >= first; }, config));
  return read_rope(node, config.positions, config.rope);
}

void write_qwen(const ModelConfig& config, Json& json) {
  write_sizes(config, json);
  json["hidden_act"] = activation_name(config.activation);
  json["use_sliding_window"] = largest_window(config) > 0;
  json["sliding_window"] = size_or_null(largest_window(config));
  json["max_window_layers"] = 0;
  json["layer_types"] = layer_types(config);
  write_rope(config.rope, json);
}

Result<void> read_qwen2(const Node& node, ModelConfig& config) {
  PEGBOX_CHECK(read_sizes(node, config));
  return read_qwen(node, config);
}

Result<void> read_qwen3(const Node& node, ModelConfig& config) {
  config.head_width = 128;
  PEGBOX_CHECK(read_sizes(node, config));
  PEGBOX_CHECK(read_attention_bias(node, config));
  return read_qwen(node, config);
}

void write_qwen3(const ModelConfig& config, Json& json) {
  write_qwen(config, json);
  json["attention_bias"] = config.attention_input_bias;
}

}  // namespace

bool every_layer(std::int64_t /*layer*/) { return true; }

Result<void> read_llama_like(const Node& node, ModelConfig& config, const std::string& activation) {
  PEGBOX_CHECK(read_sizes(node, config));
  PEGBOX_CHECK(read_attention_bias(node, config));
  PEGBOX_TRY(config.feed_forward_bias, boolean_or(node, "mlp_bias", false));
  PEGBOX_TRY(config.activation, read_activation(node, "hidden_act", activation));
  return read_rope(node, config.positions, config.rope);
}

void write_llama(const ModelConfig& config, Json& json) {
  write_sizes(config, json);
  json["attention_bias"] = config.attention_input_bias;
  json["mlp_bias"] = config.feed_forward_bias;
  json["hidden_act"] = activation_name(config.activation);
  write_rope(config.rope, json);
}

Result<void> read_sizes(const Node& node, ModelConfig& config, std::string_view epsilon_key) {
  PEGBOX_TRY(config.width, required_integer(node, "hidden_size"));
  PEGBOX_TRY(config.layers, required_integer(node, "num_hidden_layers"));
  PEGBOX_TRY(config.heads, required_integer(node, "num_attention_heads"));
  PEGBOX_TRY(config.kv_heads, integer_or(node, "num_key_value_heads", config.heads));
  const std::int64_t usual =
      config.head_width > 0 ? config.head_width : config.width / std::max<std::int64_t>(1, config.heads);
  PEGBOX_TRY(config.head_width, integer_or(node, "head_dim", usual));
  PEGBOX_TRY(config.feed_forward, required_integer(node, "intermediate_size"));
  PEGBOX_TRY(config.positions, integer_or(node, "max_position_embeddings", config.positions));
  PEGBOX_TRY(config.norm_epsilon, real_or(node, epsilon_key, config.norm_epsilon));
  PEGBOX_TRY(config.tied_embeddings, boolean_or(node, "tie_word_embeddings", config.tied_embeddings));
  return {};
}

void write_sizes(const ModelConfig& config, Json& json, std::string_view epsilon_key) {
  json["hidden_size"] = config.width;
  json["num_hidden_layers"] = config.layers;
  json["num_attention_heads"] = config.heads;
  json["num_key_value_heads"] = config.kv_heads;
  json["head_dim"] = config.head_width;
  json["intermediate_size"] = config.feed_forward;
  json["max_position_embeddings"] = config.positions;
  json[std::string(epsilon_key)] = config.norm_epsilon;
}

Result<void> read_attention_bias(const Node& node, ModelConfig& config) {
  PEGBOX_TRY(config.attention_input_bias, boolean_or(node, "attention_bias", false));
  config.attention_output_bias = config.attention_input_bias;
  return {};
}

const Family kLlama{
    "llama", "LlamaForCausalLM", "LlamaForSequenceClassification", kLlamaNames, choose_llama, read_llama, write_llama,
    nullptr};
const Family kMistral{"mistral",     "MistralForCausalLM", "MistralForSequenceClassification",
                      kLlamaNames,   choose_mistral,       read_mistral,
                      write_mistral, every_layer};
const Family kQwen2{"qwen2",     "Qwen2ForCausalLM", "Qwen2ForSequenceClassification",
                    kLlamaNames, choose_qwen2,       read_qwen2,
                    write_qwen,  every_layer};
const Family kQwen3{"qwen3",     "Qwen3ForCausalLM", "Qwen3ForSequenceClassification",
                    kLlamaNames, choose_qwen3,       read_qwen3,
                    write_qwen3, every_layer};

}  // namespace pegbox::train
