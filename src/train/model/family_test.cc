// Tests of families: what their config.json files say, old ones too, what is refused by name, and what is written.
#include "train/model/family.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/json.h"
#include "train/model/config_members.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::must;

Result<ModelConfig> parse_members(Json members) {
  Json json = {{"vocab_size", 8},          {"hidden_size", 8},         {"num_hidden_layers", 4},
               {"num_attention_heads", 2}, {"num_key_value_heads", 1}, {"intermediate_size", 8}};
  json.update(members);
  return parse_model_config({.json = json, .name = "config.json", .lines = {}});
}

ModelConfig read_members(Json members) { return must(parse_members(std::move(members))); }

void expect_refused(Json members, const std::string& words, ErrorKind kind = ErrorKind::Unsupported) {
  const auto config = parse_members(std::move(members));
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().kind, kind) << config.error().message;
  EXPECT_THAT(config.error().message, HasSubstr(words));
}

TEST(Families, HaveTheDefaultsOfTransformersWhereTheirFilesAreSilent) {
  const ModelConfig mistral = read_members({{"model_type", "mistral"}});
  EXPECT_THAT(mistral.windows, ElementsAre(4096, 4096, 4096, 4096));
  EXPECT_FALSE(mistral.tied_embeddings);
  EXPECT_EQ(mistral.norm_epsilon, 1e-6);

  const ModelConfig qwen2 = read_members({{"model_type", "qwen2"}});
  EXPECT_TRUE(qwen2.attention_input_bias);
  EXPECT_FALSE(qwen2.attention_output_bias);
  EXPECT_THAT(qwen2.windows, ElementsAre(0, 0, 0, 0));

  const ModelConfig qwen3 = read_members({{"model_type", "qwen3"}});
  EXPECT_TRUE(qwen3.head_norms);
  EXPECT_EQ(qwen3.head_width, 128);
  EXPECT_FALSE(qwen3.attention_input_bias);

  const ModelConfig gemma = read_members({{"model_type", "gemma"}});
  EXPECT_EQ(gemma.head_width, 256);
  EXPECT_EQ(gemma.gain_offset, 1);
  EXPECT_TRUE(gemma.tied_embeddings);
  EXPECT_DOUBLE_EQ(gemma.embedding_scale(), std::sqrt(8.0));

  const ModelConfig gemma2 = read_members({{"model_type", "gemma2"}});
  EXPECT_THAT(gemma2.windows, ElementsAre(4096, 0, 4096, 0));
  EXPECT_EQ(gemma2.score_cap, 50);
  EXPECT_EQ(gemma2.logit_cap, 30);
  EXPECT_DOUBLE_EQ(gemma2.score_scale, 1.0 / 16);

  const ModelConfig gemma3 = read_members({{"model_type", "gemma3_text"}, {"num_hidden_layers", 7}});
  EXPECT_THAT(gemma3.windows, ElementsAre(4096, 4096, 4096, 4096, 4096, 0, 4096));
  EXPECT_EQ(gemma3.rope.theta, 1e6);
  EXPECT_EQ(gemma3.local_rope->theta, 1e4);
  EXPECT_EQ(gemma3.logit_cap, 0);
}

TEST(Families, ReadFilesAsTheyWereOncePublished) {
  const ModelConfig gemma =
      read_members({{"model_type", "gemma"}, {"hidden_act", "gelu"}, {"hidden_activation", nullptr}});
  EXPECT_EQ(gemma.activation, Activation::GeluTanh);
  const ModelConfig mistral =
      read_members({{"model_type", "mistral"}, {"sliding_window", nullptr}, {"rope_theta", 1e6}});
  EXPECT_THAT(mistral.windows, ElementsAre(0, 0, 0, 0));
  EXPECT_EQ(mistral.rope.theta, 1e6);
  const ModelConfig qwen2 = read_members({{"model_type", "qwen2"},
                                          {"use_sliding_window", true},
                                          {"sliding_window", 32},
                                          {"max_window_layers", 3},
                                          {"rope_scaling", {{"type", "yarn"}, {"factor", 4.0}}}});
  EXPECT_THAT(qwen2.windows, ElementsAre(0, 0, 0, 32));
  EXPECT_EQ(qwen2.rope.scaling->kind, "yarn");
  EXPECT_EQ(qwen2.rope.scaling->original_positions, 32768);
  EXPECT_DOUBLE_EQ(qwen2.rope.scaling->attention_factor, 0.1 * std::log(4.0) + 1);
  const ModelConfig gemma3 = read_members({{"model_type", "gemma3_text"},
                                           {"sliding_window", 512},
                                           {"sliding_window_pattern", 2},
                                           {"rope_local_base_freq", 5e3},
                                           {"rope_scaling", {{"rope_type", "linear"}, {"factor", 8}}}});
  EXPECT_THAT(gemma3.windows, ElementsAre(512, 0, 512, 0));
  EXPECT_EQ(gemma3.local_rope->theta, 5e3);
  EXPECT_FALSE(gemma3.local_rope->scaling);
  EXPECT_EQ(gemma3.rope.scaling->factor, 8);
}

TEST(Families, ReadWhatTransformers5Writes) {
  const Json types = {"full_attention", "sliding_attention", "full_attention", "sliding_attention"};
  const ModelConfig gemma3 =
      read_members({{"model_type", "gemma3_text"},
                    {"layer_types", types},
                    {"sliding_window", 16},
                    {"rope_parameters",
                     {{"full_attention", {{"rope_theta", 2e5}, {"rope_type", "linear"}, {"factor", 2}}},
                      {"sliding_attention", {{"rope_theta", 3e3}, {"rope_type", "default"}}}}}});
  EXPECT_THAT(gemma3.windows, ElementsAre(0, 16, 0, 16));
  EXPECT_EQ(gemma3.rope.theta, 2e5);
  EXPECT_EQ(gemma3.rope.scaling->factor, 2);
  EXPECT_EQ(gemma3.local_rope->theta, 3e3);
  const ModelConfig qwen3 = read_members({{"model_type", "qwen3"}, {"rope_parameters", {{"rope_theta", 7.0}}}});
  EXPECT_EQ(qwen3.rope.theta, 7);
}

TEST(Families, RefuseByNameWhatTheDecoderLacks) {
  expect_refused({{"model_type", "phi3"}}, "llama, gpt2, mistral");
  expect_refused({{"model_type", "gemma3"}}, "gemma3_text");
  expect_refused({{"model_type", "llama"}, {"quantization_config", {{"quant_method", "gptq"}}}}, "gptq");
  expect_refused({{"model_type", "llama"}, {"partial_rotary_factor", 0.5}}, "partial_rotary_factor 0.5");
  expect_refused({{"model_type", "llama"}, {"rope_scaling", {{"type", "dynamic"}, {"factor", 2}}}}, "dynamic");
  expect_refused({{"model_type", "gemma2"}, {"use_bidirectional_attention", true}}, "use_bidirectional_attention");
  expect_refused({{"model_type", "gemma3_text"}, {"attn_logit_softcapping", 50.0}}, "attn_logit_softcapping");
  expect_refused({{"model_type", "qwen3"}, {"layer_types", {"chunked_attention"}}}, "chunked_attention");
  expect_refused({{"model_type", "qwen3"}, {"layer_types", {"full_attention"}}}, "layer_types",
                 ErrorKind::InvalidInput);
  expect_refused({{"model_type", "mistral"}, {"sliding_window", -1}}, "window", ErrorKind::InvalidInput);
  expect_refused({{"model_type", "gemma2"}, {"query_pre_attn_scalar", 0}}, "scale", ErrorKind::InvalidInput);
  expect_refused({{"model_type", "qwen2"}, {"hidden_act", "mish"}}, "mish");
  expect_refused({{"model_type", "llama"}, {"rope_theta", 0}}, "rope_theta", ErrorKind::InvalidInput);
  expect_refused({{"model_type", "gemma3_text"}, {"rope_local_base_freq", -1}}, "rope_theta", ErrorKind::InvalidInput);
  expect_refused({{"model_type", "llama"}, {"rope_scaling", {{"rope_type", "linear"}, {"factor", 0}}}}, "factor",
                 ErrorKind::InvalidInput);
  expect_refused(
      {{"model_type", "llama"}, {"rope_scaling", {{"rope_type", "yarn"}, {"original_max_position_embeddings", 0}}}},
      "original_max_position_embeddings", ErrorKind::InvalidInput);
}

TEST(Families, AreWrittenAsTheyAreRead) {
  for (const std::string_view name : family_names()) {
    ModelConfig config = testing::llama_config();
    config.family = name;
    const Family& family = family_of(config);
    family.choose(config);
    if (config.position == PositionKind::Learned) config.kv_heads = config.heads;
    if (family.has_window != nullptr)
      for (std::int64_t i = 0; i < config.layers; ++i) config.windows.push_back(family.has_window(i) ? 7 : 0);
    const Json written = write_model_config(config);
    ModelConfig again = must(parse_model_config({.json = written, .name = "written", .lines = {}}));
    EXPECT_EQ(write_model_config(again), written) << name << ": as it was read";
    again.source = Json::object();
    EXPECT_EQ(write_model_config(again), written) << name << ": from its fields";
    EXPECT_EQ(again.gated, config.gated) << name;
  }
}

TEST(Families, OfGemmaWithoutWindowsAreWrittenWithANumber) {  // transformers computes with it in any case
  for (const char* name : {"gemma2", "gemma3_text"}) {
    ModelConfig config = testing::llama_config();
    config.family = name;
    family_of(config).choose(config);
    const Json written = write_model_config(config);
    EXPECT_EQ(written["sliding_window"], config.positions);
    EXPECT_EQ(written["layer_types"], (Json{"full_attention", "full_attention"}));
    const ModelConfig again = must(parse_model_config({.json = written, .name = "written", .lines = {}}));
    EXPECT_EQ(again.window(0) + again.window(1), 0);
  }
}

TEST(Families, RotationsAreWrittenAsTheyAreRead) {
  for (const Json& scaling : {Json{{"rope_type", "linear"}, {"factor", 4.0}},
                              Json{{"rope_type", "llama3"}, {"factor", 8.0}, {"low_freq_factor", 1.5}},
                              Json{{"rope_type", "yarn"}, {"factor", 4.0}, {"beta_fast", 16.0}, {"truncate", false}}}) {
    ModelConfig config = read_members({{"model_type", "llama"}, {"rope_scaling", scaling}});
    config.source = Json::object();
    const ModelConfig again =
        must(parse_model_config({.json = write_model_config(config), .name = "written", .lines = {}}));
    EXPECT_EQ(rope_json(again.rope), rope_json(config.rope)) << scaling;
    EXPECT_EQ(again.rope.scaling->kind, scaling["rope_type"]);
  }
}

}  // namespace
}  // namespace pegbox::train
