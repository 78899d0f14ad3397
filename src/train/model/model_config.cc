// ModelConfig: see model_config.h. The facts are those of transformers' LlamaConfig and GPT2Config (4.x and 5.x).
#include "train/model/model_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace pegbox::train {

namespace {

/// A member or its default: transformers leaves out what equals the default, and writes null for "not set".
Result<std::int64_t> integer_or(const Node& node, std::string_view key, std::int64_t fallback) {
  if (!node.has(key)) return fallback;
  PEGBOX_TRY(const Node member, node.at(key));
  if (member.is_null()) return fallback;
  return member.integer();
}

Result<double> real_or(const Node& node, std::string_view key, double fallback) {
  if (!node.has(key)) return fallback;
  PEGBOX_TRY(const Node member, node.at(key));
  if (member.is_null()) return fallback;
  return member.real();
}

Result<bool> boolean_or(const Node& node, std::string_view key, bool fallback) {
  if (!node.has(key)) return fallback;
  PEGBOX_TRY(const Node member, node.at(key));
  if (member.is_null()) return fallback;
  return member.boolean();
}

Result<std::string> string_or(const Node& node, std::string_view key, const std::string& fallback) {
  if (!node.has(key)) return fallback;
  PEGBOX_TRY(const Node member, node.at(key));
  if (member.is_null()) return fallback;
  return member.string();
}

Result<std::int64_t> required_integer(const Node& node, std::string_view key) {
  PEGBOX_TRY(const Node member, node.at(key));
  return member.integer();
}

tl::unexpected<Error> unsupported(const Node& node, std::string what, std::string got, std::string expected) {
  return fail(ErrorKind::Unsupported,
              {.where = node.where(), .what = std::move(what), .got = std::move(got), .expected = std::move(expected)});
}

/// A token id, or the first of a list of them; -1 if there is none.
Result<std::int64_t> token_or_none(const Node& node, std::string_view key) {
  if (!node.has(key)) return -1;
  PEGBOX_TRY(const Node member, node.at(key));
  if (member.is_array()) return member.items().empty() ? Result<std::int64_t>(-1) : member.items().front().integer();
  if (member.is_null()) return -1;
  return member.integer();
}

struct ActivationName {
  std::string_view name;
  Activation activation;
};

constexpr std::array<ActivationName, 6> kPlainActivations = {{{"gelu_new", Activation::GeluTanh},
                                                              {"gelu_pytorch_tanh", Activation::GeluTanh},
                                                              {"gelu_fast", Activation::GeluTanh},
                                                              {"gelu", Activation::Gelu},
                                                              {"relu", Activation::Relu},
                                                              {"gelu_python", Activation::Gelu}}};

/// `rope_scaling` of transformers 4, or `rope_parameters` of 5, whose theta is inside.
Result<void> read_rope(const Node& node, ModelConfig& config) {
  PEGBOX_TRY(config.rope_theta, real_or(node, "rope_theta", 10000));
  for (const std::string_view key : {"rope_scaling", "rope_parameters"}) {
    if (!node.has(key)) continue;
    PEGBOX_TRY(const Node rope, node.at(key));
    if (rope.is_null()) continue;
    PEGBOX_TRY(config.rope_theta, real_or(rope, "rope_theta", config.rope_theta));
    PEGBOX_TRY(const std::string old_kind, string_or(rope, "type", "default"));
    PEGBOX_TRY(const std::string kind, string_or(rope, "rope_type", old_kind));
    if (kind == "default") continue;
    if (kind != "linear" && kind != "llama3")
      return unsupported(rope, "rotary scaling is not supported", kind, "default, linear or llama3");
    RopeScaling scaling{.kind = kind};
    PEGBOX_TRY(scaling.factor, real_or(rope, "factor", 1));
    PEGBOX_TRY(scaling.low_frequency_factor, real_or(rope, "low_freq_factor", 1));
    PEGBOX_TRY(scaling.high_frequency_factor, real_or(rope, "high_freq_factor", 4));
    PEGBOX_TRY(scaling.original_positions, real_or(rope, "original_max_position_embeddings", 8192));
    config.rope_scaling = scaling;
  }
  return {};
}

Result<void> read_llama(const Node& node, ModelConfig& config) {
  PEGBOX_TRY(config.width, required_integer(node, "hidden_size"));
  PEGBOX_TRY(config.layers, required_integer(node, "num_hidden_layers"));
  PEGBOX_TRY(config.heads, required_integer(node, "num_attention_heads"));
  PEGBOX_TRY(config.kv_heads, integer_or(node, "num_key_value_heads", config.heads));
  PEGBOX_TRY(config.head_width, integer_or(node, "head_dim", config.heads > 0 ? config.width / config.heads : 0));
  PEGBOX_TRY(config.feed_forward, required_integer(node, "intermediate_size"));
  PEGBOX_TRY(config.positions, integer_or(node, "max_position_embeddings", 2048));
  PEGBOX_TRY(config.norm_epsilon, real_or(node, "rms_norm_eps", 1e-6));
  PEGBOX_TRY(const bool attention_bias, boolean_or(node, "attention_bias", false));
  config.attention_input_bias = config.attention_output_bias = attention_bias;
  PEGBOX_TRY(config.feed_forward_bias, boolean_or(node, "mlp_bias", false));
  PEGBOX_TRY(config.tied_embeddings, boolean_or(node, "tie_word_embeddings", false));
  PEGBOX_TRY(const std::string activation, string_or(node, "hidden_act", "silu"));
  if (activation != "silu" && activation != "swish")
    return unsupported(node, "hidden_act is not supported in this family", activation, "silu");
  return read_rope(node, config);
}

Result<void> read_gpt2(const Node& node, ModelConfig& config) {
  config.norm = NormKind::Layer;
  config.position = PositionKind::Learned;
  config.attention_input_bias = config.attention_output_bias = config.feed_forward_bias = true;
  PEGBOX_TRY(config.width, required_integer(node, "n_embd"));
  PEGBOX_TRY(config.layers, required_integer(node, "n_layer"));
  PEGBOX_TRY(config.heads, required_integer(node, "n_head"));
  config.kv_heads = config.heads;
  config.head_width = config.heads > 0 ? config.width / config.heads : 0;
  PEGBOX_TRY(config.feed_forward, integer_or(node, "n_inner", 4 * config.width));
  PEGBOX_TRY(config.positions, integer_or(node, "n_positions", 1024));
  PEGBOX_TRY(config.norm_epsilon, real_or(node, "layer_norm_epsilon", 1e-5));
  PEGBOX_TRY(config.tied_embeddings, boolean_or(node, "tie_word_embeddings", true));
  PEGBOX_TRY(const std::string name, string_or(node, "activation_function", "gelu_new"));
  const auto* row = std::ranges::find(kPlainActivations, name, &ActivationName::name);
  if (row == kPlainActivations.end())
    return unsupported(node, "activation_function is not supported", name, "gelu_new, gelu, relu");
  config.activation = row->activation;
  PEGBOX_TRY(const bool scaled, boolean_or(node, "scale_attn_weights", true));
  PEGBOX_TRY(const bool by_layer, boolean_or(node, "scale_attn_by_inverse_layer_idx", false));
  PEGBOX_TRY(const bool crossed, boolean_or(node, "add_cross_attention", false));
  if (!scaled || by_layer || crossed)
    return unsupported(node, "an attention of this kind is not supported",
                       !scaled    ? "scale_attn_weights: false"
                       : by_layer ? "scale_attn_by_inverse_layer_idx: true"
                                  : "add_cross_attention: true",
                       "the defaults of GPT-2");
  return {};
}

Json rope_parameters(const ModelConfig& config) {
  Json rope = {{"rope_theta", config.rope_theta}, {"rope_type", "default"}};
  if (!config.rope_scaling) return rope;
  const RopeScaling& scaling = *config.rope_scaling;
  rope["rope_type"] = scaling.kind;
  rope["factor"] = scaling.factor;
  if (scaling.kind == "llama3") {
    rope["low_freq_factor"] = scaling.low_frequency_factor;
    rope["high_freq_factor"] = scaling.high_frequency_factor;
    rope["original_max_position_embeddings"] = static_cast<std::int64_t>(scaling.original_positions);
  }
  return rope;
}

void write_llama(const ModelConfig& config, Json& json) {
  json["architectures"] = {"LlamaForCausalLM"};
  json["hidden_size"] = config.width;
  json["num_hidden_layers"] = config.layers;
  json["num_attention_heads"] = config.heads;
  json["num_key_value_heads"] = config.kv_heads;
  json["head_dim"] = config.head_width;
  json["intermediate_size"] = config.feed_forward;
  json["max_position_embeddings"] = config.positions;
  json["rms_norm_eps"] = config.norm_epsilon;
  json["attention_bias"] = config.attention_input_bias;
  json["mlp_bias"] = config.feed_forward_bias;
  json["hidden_act"] = "silu";
  json["rope_theta"] = config.rope_theta;             // read by transformers 4
  json["rope_parameters"] = rope_parameters(config);  // read by transformers 5
  if (config.rope_scaling) {
    json["rope_scaling"] = rope_parameters(config);
    json["rope_scaling"].erase("rope_theta");
  }
}

void write_gpt2(const ModelConfig& config, Json& json) {
  json["architectures"] = {"GPT2LMHeadModel"};
  json["n_embd"] = config.width;
  json["n_layer"] = config.layers;
  json["n_head"] = config.heads;
  json["n_inner"] = config.feed_forward;
  json["n_positions"] = config.positions;
  json["layer_norm_epsilon"] = config.norm_epsilon;
  for (const ActivationName& row : kPlainActivations)
    if (row.activation == config.activation) {
      json["activation_function"] = row.name;
      break;
    }
}

struct Family {
  std::string_view name;
  Result<void> (*read)(const Node&, ModelConfig&);
  void (*write)(const ModelConfig&, Json&);
};

constexpr std::array<Family, 2> kFamilies = {{{"llama", read_llama, write_llama}, {"gpt2", read_gpt2, write_gpt2}}};

const Family* find_family(std::string_view name) {
  const auto* found = std::ranges::find(kFamilies, name, &Family::name);
  return found == kFamilies.end() ? nullptr : found;
}

}  // namespace

std::vector<std::string_view> family_names() {
  std::vector<std::string_view> names;
  for (const Family& family : kFamilies) names.push_back(family.name);
  return names;
}

Result<void> check_model_config(const ModelConfig& config, const std::string& where) {
  const auto wrong = [&](std::string what, std::string got, std::string expected) {
    return fail(ErrorKind::InvalidInput,
                {.where = where, .what = std::move(what), .got = std::move(got), .expected = std::move(expected)});
  };
  for (const auto& [name, value] : {std::pair{"vocabulary", config.vocabulary},
                                    {"width", config.width},
                                    {"layers", config.layers},
                                    {"heads", config.heads},
                                    {"kv_heads", config.kv_heads},
                                    {"head_width", config.head_width},
                                    {"feed_forward", config.feed_forward},
                                    {"positions", config.positions}})
    if (value <= 0) return wrong(fmt::format("{} is not positive", name), fmt::to_string(value), "at least 1");
  if (config.heads % config.kv_heads != 0)
    return wrong("key-value heads do not divide the heads", fmt::format("{} and {}", config.kv_heads, config.heads),
                 "heads that are a multiple of kv_heads");
  if (config.family == "gpt2" && config.width % config.heads != 0)
    return wrong("heads do not divide the width", fmt::format("{} and {}", config.heads, config.width),
                 "a width that is a multiple of heads");
  if (config.position == PositionKind::Rotary && config.head_width % 2 != 0)
    return wrong("rotary positions need an even head width", fmt::to_string(config.head_width), "an even number");
  return {};
}

Result<ModelConfig> parse_model_config(const Document& document) {
  const Node node = document.root();
  PEGBOX_TRY(const Node type, node.at("model_type"));
  ModelConfig config;
  PEGBOX_TRY(config.family, type.string());
  const Family* family = find_family(config.family);
  if (family == nullptr)
    return unsupported(type, "this model's architecture is not supported", config.family,
                       fmt::format("model_type {}", fmt::join(family_names(), " or ")));
  PEGBOX_TRY(config.vocabulary, required_integer(node, "vocab_size"));
  PEGBOX_TRY(config.initializer_range, real_or(node, "initializer_range", 0.02));
  PEGBOX_TRY(config.begin_token, token_or_none(node, "bos_token_id"));
  PEGBOX_TRY(config.end_token, token_or_none(node, "eos_token_id"));
  PEGBOX_CHECK(family->read(node, config));
  PEGBOX_CHECK(check_model_config(config, document.name));
  config.source = document.json;
  return config;
}

Result<ModelConfig> read_model_config(const Path& model_folder) {
  const Path path = model_folder / "config.json";
  if (!std::filesystem::exists(path))
    return fail(ErrorKind::NotFound, {.where = model_folder.string(),
                                      .what = "there is no config.json here",
                                      .expected = "a model folder in Hugging Face's format"});
  PEGBOX_TRY(const std::string text, read_file(path));
  Document document{.name = path.string()};
  PEGBOX_TRY(document.json, parse_json(text, document.name));
  return parse_model_config(document);
}

Json write_model_config(const ModelConfig& config) {
  Json json = config.source;
  json["model_type"] = config.family;
  json["vocab_size"] = config.vocabulary;
  json["tie_word_embeddings"] = config.tied_embeddings;
  json["initializer_range"] = config.initializer_range;
  if (config.begin_token >= 0) json["bos_token_id"] = config.begin_token;
  if (config.end_token >= 0 && !json.contains("eos_token_id")) json["eos_token_id"] = config.end_token;
  find_family(config.family)->write(config, json);
  return json;
}

}  // namespace pegbox::train
