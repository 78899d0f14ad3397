// ModelConfig: see model_config.h.
#include "train/model/model_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "train/model/config_members.h"
#include "train/model/family.h"

namespace pegbox::train {

namespace {

/// Names of a kind of model that are not those of a family, and what is.
Result<void> check_family(const Node& type, const std::string& name) {
  if (find_family(name) != nullptr) return {};
  return fail(ErrorKind::Unsupported,
              {.where = type.where(),
               .what = "this model's architecture is not supported",
               .got = name,
               .expected = fmt::format("model_type {}", fmt::join(family_names(), ", ")),
               .hint = name == "gemma3" ? "its text part alone is a model of the type gemma3_text" : ""});
}

Result<void> check_unquantized(const Node& node) {
  if (!node.has("quantization_config")) return {};
  PEGBOX_TRY(const Node quantization, node.at("quantization_config"));
  if (quantization.is_null()) return {};
  PEGBOX_TRY(const std::string method, string_or(quantization, "quant_method", "a method without a name"));
  return unsupported(quantization, "quantized weights are not supported", method,
                     "weights in fp32, fp16 or bf16; method qlora quantizes them itself");
}

/// The classes of a *ForSequenceClassification; transformers calls those that have no name LABEL_0, LABEL_1.
Result<std::vector<std::string>> read_labels(const Node& node, const Family& family) {
  std::vector<std::string> labels;
  const Json architectures = node.has("architectures") ? node.json()["architectures"] : Json();
  if (!architectures.is_array() || architectures.empty() || architectures[0] != family.classifier) return labels;
  std::int64_t count = 2;
  PEGBOX_TRY(count, integer_or(node, "num_labels", count));
  std::optional<Node> names;
  if (node.has("id2label")) {
    PEGBOX_TRY(names, node.at("id2label"));
    count = static_cast<std::int64_t>(names->json().size());
  }
  for (std::int64_t i = 0; i < count; ++i) {
    if (!names) {
      labels.push_back(fmt::format("LABEL_{}", i));
      continue;
    }
    PEGBOX_TRY(const Node name, names->at(fmt::to_string(i)));
    PEGBOX_TRY(labels.emplace_back(), name.string());
  }
  return labels;
}

/// What makes a config.json that of a *ForSequenceClassification.
void write_labels(const ModelConfig& config, Json& json) {
  Json names = Json::object(), numbers = Json::object();
  for (std::size_t i = 0; i < config.labels.size(); ++i) {
    names[std::to_string(i)] = config.labels[i];
    numbers[config.labels[i]] = i;
  }
  json["id2label"] = names;
  json["label2id"] = numbers;
  json["problem_type"] = "single_label_classification";
  const bool padded = json.contains("pad_token_id") && !json["pad_token_id"].is_null();
  if (!padded && config.end_token >= 0) json["pad_token_id"] = config.end_token;
}

/// Angles are positions times powers of theta, and scaling divides.
Result<void> check_rope(const Rope& rope, const std::string& where) {
  const RopeScaling scaling = rope.scaling.value_or(RopeScaling{});
  for (const auto& [name, value] : {std::pair{"rope_theta", rope.theta},
                                    {"original_max_position_embeddings", scaling.original_positions},
                                    {"the rotary scaling's factor", scaling.factor}})
    if (!(value > 0) || !std::isfinite(value))
      return fail(ErrorKind::InvalidInput, {.where = where,
                                            .what = fmt::format("{} is not positive", name),
                                            .got = fmt::to_string(value),
                                            .expected = "a number above 0"});
  return {};
}

}  // namespace

double ModelConfig::embedding_scale() const {
  if (token_scale > 0) return token_scale;
  return scaled_embeddings ? std::sqrt(static_cast<double>(width)) : 1;
}

double ModelConfig::attention_scale() const {
  return score_factor * (score_scale > 0 ? score_scale : 1 / std::sqrt(static_cast<double>(head_width)));
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
  if (!family_of(config).has_head_width && config.width != config.heads * config.head_width)
    return wrong("heads do not divide the width", fmt::format("{} and {}", config.heads, config.width),
                 "a width that is a multiple of heads");
  if (const auto turned = static_cast<std::int64_t>(static_cast<double>(config.head_width) * config.rope.share);
      config.position == PositionKind::Rotary && turned % 2 != 0)
    return wrong("rotary positions need an even head width", fmt::to_string(turned), "an even number");
  if (std::ranges::any_of(config.windows, [](std::int64_t window) { return window < 0; }))
    return wrong("a window is negative", fmt::to_string(std::ranges::min(config.windows)), "at least 1, or null");
  if (config.score_cap < 0 || config.logit_cap < 0 || config.score_scale < 0 || !std::isfinite(config.score_scale))
    return wrong("a scale or a cap of the attention or of the logits is not positive",
                 fmt::format("{}, {} and {}", config.score_scale, config.score_cap, config.logit_cap), "above 0");
  PEGBOX_CHECK(check_rope(config.rope, where));
  return config.local_rope ? check_rope(*config.local_rope, where) : Result<void>{};
}

Result<ModelConfig> parse_model_config(const Document& document) {
  const Node node = document.root();
  PEGBOX_TRY(const Node type, node.at("model_type"));
  ModelConfig config;
  PEGBOX_TRY(config.family, type.string());
  PEGBOX_CHECK(check_family(type, config.family));
  PEGBOX_CHECK(check_unquantized(node));
  PEGBOX_TRY(config.vocabulary, required_integer(node, "vocab_size"));
  PEGBOX_TRY(config.initializer_range, real_or(node, "initializer_range", 0.02));
  PEGBOX_TRY(config.begin_token, token_or_none(node, "bos_token_id"));
  PEGBOX_TRY(config.end_token, token_or_none(node, "eos_token_id"));
  const Family& family = family_of(config);
  family.choose(config);
  PEGBOX_CHECK(family.read(node, config));
  PEGBOX_TRY(config.labels, read_labels(node, family));
  if (!config.labels.empty()) config.logit_cap = 0;  // of tokens alone
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
  const Family& family = family_of(config);
  Json json = config.source;
  json["architectures"] = {config.labels.empty() ? family.architecture : family.classifier};
  if (!config.labels.empty()) write_labels(config, json);
  if (!config.source.empty()) return json;  // training changes nothing else
  json["model_type"] = config.family;
  json["vocab_size"] = config.vocabulary;
  json["tie_word_embeddings"] = config.tied_embeddings;
  json["initializer_range"] = config.initializer_range;
  if (config.begin_token >= 0) json["bos_token_id"] = config.begin_token;
  if (config.end_token >= 0) json["eos_token_id"] = config.end_token;
  family.write(config, json);
  return json;
}

}  // namespace pegbox::train
