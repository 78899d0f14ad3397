// ModelLayout: see layout.h. Names are those of transformers' LlamaForCausalLM and GPT2LMHeadModel.
#include "train/model/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace pegbox::train {

namespace {

using Role = TensorSlot::Role;

class LayoutBuilder {
 public:
  int add(std::string name, std::vector<std::int64_t> shape, Role role, std::vector<Piece> pieces) {
    layout_.slots.push_back({std::move(name), std::move(shape), std::move(pieces), role});
    return static_cast<int>(layout_.slots.size()) - 1;
  }

  int whole(std::string name, std::vector<std::int64_t> shape, Role role, std::string file_name) {
    const std::int64_t rows = shape[0];
    return add(std::move(name), std::move(shape), role, {{std::move(file_name), 0, rows, false}});
  }

  struct Part {
    std::string module;
    std::int64_t rows;
  };
  struct GroupSpec {
    std::string name;
    std::vector<Part> parts;
    std::int64_t inputs;
    bool bias, transposed, attention;
    Role role = Role::Linear;
  };

  int group(const GroupSpec& spec) {
    LinearGroup group{.inputs = spec.inputs};
    std::vector<Piece> weights, biases;
    for (const Part& part : spec.parts) {
      const std::string target = part.module.substr(part.module.rfind('.') + 1);
      group.parts.push_back({part.module, target, group.outputs, part.rows, spec.attention});
      weights.push_back({part.module + ".weight", group.outputs, part.rows, spec.transposed});
      biases.push_back({part.module + ".bias", group.outputs, part.rows, false});
      group.outputs += part.rows;
    }
    group.weight = add(spec.name + ".weight", {group.outputs, spec.inputs}, spec.role, std::move(weights));
    if (spec.bias) group.bias = add(spec.name + ".bias", {group.outputs}, Role::Bias, std::move(biases));
    layout_.groups.push_back(std::move(group));
    return static_cast<int>(layout_.groups.size()) - 1;
  }

  ModelLayout& layout() { return layout_; }

 private:
  ModelLayout layout_;
};

LayerSlots llama_layer(LayoutBuilder& builder, const ModelConfig& config, std::int64_t index) {
  const std::string ours = fmt::format("layers.{}.", index), theirs = fmt::format("model.layers.{}.", index);
  const std::int64_t queries = config.heads * config.head_width, keys = config.kv_heads * config.head_width;
  LayerSlots layer;
  layer.attention_norm = builder.whole(ours + "attention_norm.weight", {config.width}, Role::NormWeight,
                                       theirs + "input_layernorm.weight");
  layer.attention_input = builder.group({.name = ours + "attention_input",
                                         .parts = {{theirs + "self_attn.q_proj", queries},
                                                   {theirs + "self_attn.k_proj", keys},
                                                   {theirs + "self_attn.v_proj", keys}},
                                         .inputs = config.width,
                                         .bias = config.attention_input_bias,
                                         .transposed = false,
                                         .attention = true});
  layer.attention_output = builder.group({.name = ours + "attention_output",
                                          .parts = {{theirs + "self_attn.o_proj", config.width}},
                                          .inputs = queries,
                                          .bias = config.attention_output_bias,
                                          .transposed = false,
                                          .attention = true,
                                          .role = Role::ResidualLinear});
  layer.feed_norm = builder.whole(ours + "feed_norm.weight", {config.width}, Role::NormWeight,
                                  theirs + "post_attention_layernorm.weight");
  layer.feed_input = builder.group(
      {.name = ours + "feed_input",
       .parts = {{theirs + "mlp.gate_proj", config.feed_forward}, {theirs + "mlp.up_proj", config.feed_forward}},
       .inputs = config.width,
       .bias = config.feed_forward_bias,
       .transposed = false,
       .attention = false});
  layer.feed_output = builder.group({.name = ours + "feed_output",
                                     .parts = {{theirs + "mlp.down_proj", config.width}},
                                     .inputs = config.feed_forward,
                                     .bias = config.feed_forward_bias,
                                     .transposed = false,
                                     .attention = false,
                                     .role = Role::ResidualLinear});
  return layer;
}

LayerSlots gpt2_layer(LayoutBuilder& builder, const ModelConfig& config, std::int64_t index) {
  const std::string ours = fmt::format("layers.{}.", index), theirs = fmt::format("transformer.h.{}.", index);
  const std::int64_t width = config.width;
  const auto norm = [&](const std::string& name, const std::string& file_name, int& weight, int& bias) {
    weight = builder.whole(ours + name + ".weight", {width}, Role::NormWeight, theirs + file_name + ".weight");
    bias = builder.whole(ours + name + ".bias", {width}, Role::NormBias, theirs + file_name + ".bias");
  };
  const auto linear = [&](const std::string& name, const std::string& file_name, std::int64_t outputs,
                          std::int64_t inputs, bool attention, Role role) {
    return builder.group({.name = ours + name,
                          .parts = {{theirs + file_name, outputs}},
                          .inputs = inputs,
                          .bias = true,
                          .transposed = true,
                          .attention = attention,
                          .role = role});
  };
  LayerSlots layer;
  norm("attention_norm", "ln_1", layer.attention_norm, layer.attention_norm_bias);
  layer.attention_input = linear("attention_input", "attn.c_attn", 3 * width, width, true, Role::Linear);
  layer.attention_output = linear("attention_output", "attn.c_proj", width, width, true, Role::ResidualLinear);
  norm("feed_norm", "ln_2", layer.feed_norm, layer.feed_norm_bias);
  layer.feed_input = linear("feed_input", "mlp.c_fc", config.feed_forward, width, false, Role::Linear);
  layer.feed_output = linear("feed_output", "mlp.c_proj", width, config.feed_forward, false, Role::ResidualLinear);
  return layer;
}

ModelLayout llama_layout(const ModelConfig& config) {
  LayoutBuilder builder;
  ModelLayout& layout = builder.layout();
  layout.embedding = builder.whole("embedding.weight", {config.vocabulary, config.width}, Role::Embedding,
                                   "model.embed_tokens.weight");
  for (std::int64_t i = 0; i < config.layers; ++i) layout.layers.push_back(llama_layer(builder, config, i));
  layout.final_norm = builder.whole("final_norm.weight", {config.width}, Role::NormWeight, "model.norm.weight");
  layout.optional_prefixes = {"model."};
  layout.ignored_name_endings = {".rotary_emb.inv_freq"};
  return layout;
}

ModelLayout gpt2_layout(const ModelConfig& config) {
  LayoutBuilder builder;
  ModelLayout& layout = builder.layout();
  layout.embedding =
      builder.whole("embedding.weight", {config.vocabulary, config.width}, Role::Embedding, "transformer.wte.weight");
  layout.positions =
      builder.whole("positions.weight", {config.positions, config.width}, Role::Embedding, "transformer.wpe.weight");
  for (std::int64_t i = 0; i < config.layers; ++i) layout.layers.push_back(gpt2_layer(builder, config, i));
  layout.final_norm = builder.whole("final_norm.weight", {config.width}, Role::NormWeight, "transformer.ln_f.weight");
  layout.final_norm_bias = builder.whole("final_norm.bias", {config.width}, Role::NormBias, "transformer.ln_f.bias");
  layout.optional_prefixes = {"transformer."};
  layout.ignored_name_endings = {".attn.bias", ".attn.masked_bias"};
  return layout;
}

}  // namespace

std::int64_t TensorSlot::size() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::int64_t ModelLayout::parameters() const {
  std::int64_t sum = 0;
  for (const TensorSlot& slot : slots) sum += slot.size();
  return sum;
}

std::int64_t ModelLayout::parameters_without_tables() const {
  std::int64_t sum = parameters() - slots[embedding].size();
  if (positions >= 0) sum -= slots[positions].size();
  if (head != embedding) sum -= slots[head].size();
  return sum;
}

std::vector<std::string> ModelLayout::targets() const {
  std::vector<std::string> names;
  for (const LinearGroup& group : groups)
    for (const LinearPart& part : group.parts)
      if (std::ranges::find(names, part.target) == names.end()) names.push_back(part.target);
  return names;
}

ModelLayout layout_of(const ModelConfig& config) {
  ModelLayout layout = config.family == "gpt2" ? gpt2_layout(config) : llama_layout(config);
  layout.head = layout.embedding;
  if (!config.tied_embeddings) {
    layout.slots.push_back({.name = "head.weight",
                            .shape = {config.vocabulary, config.width},
                            .pieces = {{"lm_head.weight", 0, config.vocabulary, false}},
                            .role = Role::Linear});
    layout.head = static_cast<int>(layout.slots.size()) - 1;
  } else {
    layout.ignored_name_endings.push_back("lm_head.weight");
  }
  return layout;
}

}  // namespace pegbox::train
