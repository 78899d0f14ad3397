// llama_families: models built as Llama is: Llama, Mistral, Qwen 2 and 3; and the members that all of these, Gemma and
// others have in their config.json. The facts are those of transformers' configuration classes (5.23).
#pragma once

#include <string>

#include "base/document.h"
#include "base/result.h"
#include "train/model/family.h"

namespace pegbox::train {

/// Names of Llama's tensors, which most families have.
inline constexpr TensorNames kLlamaNames = {
    .prefix = "model.",
    .embedding = "model.embed_tokens",
    .layers = "model.layers",
    .final_norm = "model.norm",
    .attention_norm = "input_layernorm",
    .feed_norm = "post_attention_layernorm",
    .query_norm = "self_attn.q_norm",
    .key_norm = "self_attn.k_norm",
    .attention_input = {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"},
    .attention_output = "self_attn.o_proj",
    .feed_input = {"mlp.gate_proj", "mlp.up_proj"},
    .feed_output = "mlp.down_proj",
    .ignored_endings = {".rotary_emb.inv_freq"}};

/// Sizes, positions, epsilon of the norms (`epsilon_key`) and whether embeddings are tied.
Result<void> read_sizes(const Node& node, ModelConfig& config, std::string_view epsilon_key = "rms_norm_eps");
void write_sizes(const ModelConfig& config, Json& json, std::string_view epsilon_key = "rms_norm_eps");

/// `attention_bias`, of queries, keys, values and the projection back.
Result<void> read_attention_bias(const Node& node, ModelConfig& config);

/// All of Llama's members; `activation`: where hidden_act is left out.
Result<void> read_llama_like(const Node& node, ModelConfig& config, const std::string& activation);
void write_llama(const ModelConfig& config, Json& json);

bool every_layer(std::int64_t layer);  ///< has a window

extern const Family kLlama, kMistral, kQwen2, kQwen3;

}  // namespace pegbox::train
