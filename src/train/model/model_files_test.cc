// Tests of model folders: config and weights written, read, sharded, damaged, and of other models.
#include "train/model/model_files.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "train/model/safetensors.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::HasSubstr;

class ModelFiles : public ::testing::TestWithParam<ModelConfig> {
 protected:
  ModelFiles() : folder_(*TemporaryFolder::create("model")), model_(testing::random_model(GetParam())) {
    testing::must(save_model(folder_.path(), model_.decoder->config(), model_.decoder->layout(), model_.weights));
  }
  Path weights_path() const { return folder_.path() / "model.safetensors"; }

  /// Rewrites the weights after `change` of their arrays.
  template <class Change>
  void rewrite(Change&& change) {
    TensorFile file = testing::must(load_tensors(weights_path()));
    change(file.tensors);
    testing::must(save_tensors(weights_path(), file.tensors));
  }
  void expect_refused(ErrorKind kind, const std::string& words) const {
    const auto model = load_model(folder_.path());
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().kind, kind) << model.error().message;
    EXPECT_THAT(model.error().message, HasSubstr(words));
  }
  void expect_same_weights(double tolerance = 0) const {
    const BaseModel loaded = testing::must(load_model(folder_.path()));
    ASSERT_EQ(loaded.weights.size(), model_.weights.size());
    for (std::size_t i = 0; i < loaded.weights.size(); ++i)
      EXPECT_LE(testing::relative_difference(loaded.weights[i], model_.weights[i]), tolerance)
          << model_.decoder->layout().slots[i].name;
  }

  TemporaryFolder folder_;
  BaseModel model_;
};

TEST_P(ModelFiles, GiveBackWhatWasSaved) {
  expect_same_weights();
  const ModelConfig config = testing::must(read_model_config(folder_.path()));
  EXPECT_EQ(config.family, GetParam().family);
  EXPECT_EQ(config.kv_heads, GetParam().kv_heads);
  EXPECT_EQ(config.feed_forward, GetParam().feed_forward);
  EXPECT_EQ(config.tied_embeddings, GetParam().tied_embeddings);
  EXPECT_EQ(config.norm_epsilon, GetParam().norm_epsilon);
  EXPECT_EQ(config.activation, GetParam().activation);
}

TEST_P(ModelFiles, ReadShards) {
  TensorFile file = testing::must(load_tensors(weights_path()));
  NamedTensors halves[2];
  Json map = Json::object();
  int index = 0;
  for (const auto& [name, tensor] : file.tensors) {
    halves[index % 2][name] = tensor;
    map[name] = index % 2 == 0 ? "a.safetensors" : "b.safetensors";
    ++index;
  }
  testing::must(save_tensors(folder_.path() / "a.safetensors", halves[0]));
  testing::must(save_tensors(folder_.path() / "b.safetensors", halves[1]));
  testing::must(replace_file(folder_.path() / "model.safetensors.index.json", to_line({{"weight_map", map}})));
  testing::must(remove_tree(weights_path()));
  expect_same_weights();
  testing::must(remove_tree(folder_.path() / "b.safetensors"));
  expect_refused(ErrorKind::NotFound, "b.safetensors");
}

TEST_P(ModelFiles, ReadHalfPrecision) {
  rewrite([](NamedTensors& arrays) {
    bool half = false;
    for (auto& [name, tensor] : arrays) tensor = tensor.to((half = !half) ? at::kHalf : at::kBFloat16);
  });
  expect_same_weights(1.0 / 128);
}

TEST_P(ModelFiles, ReadFilesOfTheBareModel) {
  rewrite([](NamedTensors& arrays) {
    NamedTensors bare;
    for (const auto& [name, tensor] : arrays)
      bare[name.starts_with("lm_head") ? name : name.substr(name.find('.') + 1)] = tensor;
    arrays = bare;
  });
  expect_same_weights();
}

TEST_P(ModelFiles, NameMissingTensors) {
  rewrite([](NamedTensors& arrays) { arrays.erase(arrays.begin()); });
  expect_refused(ErrorKind::InvalidInput, "missing");
}

TEST_P(ModelFiles, NameUnexpectedTensors) {
  rewrite([](NamedTensors& arrays) { arrays["visual.encoder.weight"] = at::zeros({2}); });
  expect_refused(ErrorKind::InvalidInput, "visual.encoder.weight");
}

TEST_P(ModelFiles, NameWronglyShapedTensors) {
  rewrite([](NamedTensors& arrays) { arrays.begin()->second = at::zeros({3, 3}); });
  expect_refused(ErrorKind::InvalidInput, "wrong shape");
  // Sizes for which no machine has memory are a misfit too.
  const Path path = folder_.path() / "config.json";
  Json config = testing::must(parse_json(testing::must(read_file(path)), "config"));
  config[GetParam().family == "gpt2" ? "n_embd" : "hidden_size"] = std::int64_t{1} << 40;
  testing::must(replace_file(path, config.dump()));
  expect_refused(ErrorKind::InvalidInput, "wrong shape");
}

TEST_P(ModelFiles, NameTensorsWithoutFractions) {
  rewrite([](NamedTensors& arrays) { arrays.begin()->second = arrays.begin()->second.to(at::kChar); });
  expect_refused(ErrorKind::Unsupported, "I8");
}

TEST_P(ModelFiles, RefuseTruncatedWeights) {
  const std::string bytes = testing::must(read_file(weights_path()));
  testing::must(replace_file(weights_path(), std::string_view(bytes).substr(0, bytes.size() - 7)));
  expect_refused(ErrorKind::Corrupt, "cut short");
}

TEST_P(ModelFiles, SayThatWeightsAreMissing) {
  testing::must(remove_tree(weights_path()));
  expect_refused(ErrorKind::NotFound, "no weights");
}

ModelConfig untied() {
  ModelConfig config = testing::llama_config();
  config.tied_embeddings = false;
  config.attention_input_bias = config.attention_output_bias = config.feed_forward_bias = true;
  return config;
}

INSTANTIATE_TEST_SUITE_P(Families, ModelFiles,
                         ::testing::Values(testing::llama_config(), testing::gpt2_config(), untied(),
                                           testing::gemma_config()),
                         [](const auto& info) { return info.index == 2 ? std::string("untied") : info.param.family; });

Result<ModelConfig> parse(const std::string& text) {
  Document document{.name = "config.json"};
  PEGBOX_TRY(document.json, parse_json(text, "config.json"));
  return parse_model_config(document);
}

TEST(ModelConfigFile, ReadsBothFormsOfRotaryParameters) {
  const std::string start =
      R"({"model_type": "llama", "vocab_size": 8, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8, )";
  const auto four = parse(
      start +
      R"("rope_theta": 5e5, "rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 64}})");
  const auto five = parse(
      start +
      R"("rope_parameters": {"rope_theta": 5e5, "rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 64}})");
  for (const auto& config : {four, five}) {
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->rope.theta, 5e5);
    ASSERT_TRUE(config->rope.scaling);
    EXPECT_EQ(config->rope.scaling->factor, 8);
    EXPECT_EQ(config->rope.scaling->original_positions, 64);
    EXPECT_EQ(config->kv_heads, 2);
  }
  const auto written = parse_model_config({.json = write_model_config(*four), .name = "again", .lines = {}});
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->rope.scaling->factor, 8);
}

TEST(ModelConfigFile, RefusesWhatTheDecoderCannotDo) {
  const auto expect_unsupported = [](const std::string& text, const std::string& words) {
    const auto config = parse(text);
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().kind, ErrorKind::Unsupported);
    EXPECT_THAT(config.error().message, HasSubstr(words));
  };
  expect_unsupported(R"({"model_type": "mamba", "vocab_size": 8})", "llama, gpt2");
  const std::string llama =
      R"({"model_type": "llama", "vocab_size": 8, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8, )";
  expect_unsupported(llama + R"("hidden_act": "mish"})", "silu");
  expect_unsupported(llama + R"("rope_scaling": {"rope_type": "longrope", "factor": 2}})", "longrope");
  expect_unsupported(
      R"({"model_type": "gpt2", "vocab_size": 8, "n_embd": 8, "n_layer": 1, "n_head": 2, "scale_attn_weights": false})",
      "scale_attn_weights");
}

TEST(ModelConfigFile, RefusesSizesThatDoNotFit) {
  for (
      const std::string text :
      {R"({"model_type": "gpt2", "vocab_size": 8, "n_embd": 9, "n_layer": 1, "n_head": 2})",
       R"({"model_type": "gpt2", "vocab_size": 0, "n_embd": 8, "n_layer": 1, "n_head": 2})",
       R"({"model_type": "gpt2", "vocab_size": 8, "n_embd": 8, "n_layer": 1})",
       R"({"model_type": "llama", "vocab_size": 8, "hidden_size": 12, "num_hidden_layers": 1, "num_attention_heads": 3, "num_key_value_heads": 2, "intermediate_size": 8})",
       R"({"vocab_size": 8})"}) {
    const auto config = parse(text);
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().kind, ErrorKind::InvalidInput) << config.error().message;
  }
}

}  // namespace
}  // namespace pegbox::train
