// Tests of adapters' files: LoRA's in PEFT's format, what is refused, and how layers are named.
#include "train/method/adapter_files.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "train/method/method.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::HasSubstr;
using testing::must;
using ::testing::UnorderedElementsAre;

TrainConfig config_with(const Json& fields) {
  Json all = {{"method", "lora"}, {"rank", 3}, {"scale", 1.5}, {"dropout", 0.1}};
  if (fields.is_object()) all.update(fields);
  return must(read_train_config(Json::object(), all, "test"));
}

/// A LoRA adapter of random values in a folder.
class LoraFiles : public ::testing::Test {
 protected:
  void write(const Json& fields) {
    const auto method = must(make_method(config_with(fields), model_));
    values_.clear();
    for (const Parameter& parameter : method->initial_parameters(1))
      values_.push_back(parameter.value +
                        testing::random_tensor(parameter.value.sizes().vec(), 50 + values_.size(), 0.3));
    must(method->save(folder_.path(), values_));
  }
  Json config() const { return must(parse_json(must(read_file(folder_.path() / kPeftConfig)), "config")); }
  void set_config(const std::string& key, const Json& value) const {
    Json json = config();
    json[key] = value;
    must(replace_file(folder_.path() / kPeftConfig, json.dump()));
  }
  NamedTensors arrays() const { return must(load_tensors(folder_.path() / "adapter_model.safetensors")).tensors; }

  TemporaryFolder folder_ = must(TemporaryFolder::create("adapter"));
  BaseModel model_ = testing::random_model(testing::llama_config());
  Tensors values_;
};

TEST_F(LoraFiles, GiveBackTheBitsThatWereSaved) {
  write({{"dora", true}});
  const Adapter adapter = must(load_adapter(folder_.path(), model_));
  ASSERT_EQ(adapter.values.size(), values_.size());
  for (std::size_t i = 0; i < values_.size(); ++i) EXPECT_TRUE(testing::same_bits(adapter.values[i], values_[i])) << i;
}

TEST_F(LoraFiles, SayWhatPeftNeedsToKnow) {
  write({});
  EXPECT_EQ(config()["peft_type"], "LORA");
  EXPECT_EQ(config()["r"], 3);
  EXPECT_EQ(config()["lora_alpha"], 4.5);
  EXPECT_EQ(config()["lora_dropout"], 0.1);
  EXPECT_EQ(config()["use_rslora"], false);
  EXPECT_EQ(config()["base_model_name_or_path"], "random");
  write({{"rslora", true}, {"dora", true}});
  EXPECT_EQ(config()["use_rslora"], true);
  EXPECT_EQ(config()["use_dora"], true);
  EXPECT_EQ(config()["lora_alpha"], 4.5);
  EXPECT_EQ(arrays().at("base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector").sizes().vec(),
            std::vector<std::int64_t>{32});
}

TEST_F(LoraFiles, OfFactorsThatTheBaseIsWithoutAreThoseOfAPlainAdapter) {
  write({{"lora_start", "pissa"}});
  EXPECT_EQ(config()["r"], 6);
  EXPECT_EQ(config()["lora_alpha"], 9);
  EXPECT_EQ(config()["init_lora_weights"], true);
  write({{"lora_start", "olora"}, {"rslora", true}});
  EXPECT_EQ(config()["r"], 6);
  EXPECT_NEAR(config()["lora_alpha"].get<double>(), 4.5 * std::sqrt(2.0), 1e-12);
}

TEST_F(LoraFiles, RefuseWhatIsNotSupported) {
  write({});
  for (const auto& [key, value] : {std::pair<std::string, Json>{"peft_type", "VERA"},
                                   {"bias", "all"},
                                   {"modules_to_save", {"lm_head"}},
                                   {"rank_pattern", {{"q_proj", 4}}}}) {
    const Json before = config();
    set_config(key, value);
    const auto adapter = load_adapter(folder_.path(), model_);
    ASSERT_FALSE(adapter) << key;
    EXPECT_EQ(adapter.error().kind, ErrorKind::Unsupported) << adapter.error().message;
    must(replace_file(folder_.path() / kPeftConfig, before.dump()));
  }
  EXPECT_EQ(load_adapter(folder_.path() / "nowhere", model_).error().kind, ErrorKind::NotFound);
}

TEST_F(LoraFiles, RefuseAnotherModelsAdapter) {
  write({});
  ModelConfig wider = testing::llama_config();
  wider.feed_forward *= 2;
  wider.width *= 2;
  wider.head_width *= 2;
  const BaseModel other = testing::random_model(wider);
  const auto adapter = load_adapter(folder_.path(), other);
  ASSERT_FALSE(adapter);
  EXPECT_THAT(adapter.error().message, HasSubstr("wrong shape"));
}

TEST_F(LoraFiles, TakeThePlaceOfAnotherMethods) {
  write({{"method", "qlora"}});
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / kBaseFile));
  write({{"method", "adapter"}, {"rank", TrainConfig{}.rank}});  // which no adapter reads
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / kPeftConfig));
  write({});
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / kOwnConfig));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / kBaseFile));
  EXPECT_EQ(must(load_adapter(folder_.path(), model_)).values.size(), values_.size());
}

TEST_F(LoraFiles, RefuseArraysThatNobodyReads) {
  write({{"dora", true}});
  set_config("use_dora", false);
  const auto adapter = load_adapter(folder_.path(), model_);
  ASSERT_FALSE(adapter);
  EXPECT_THAT(adapter.error().message, HasSubstr("no place for"));
}

TEST(LoraOptionsThatDoNotFit, AreRefused) {
  const BaseModel model = testing::random_model(testing::llama_config());
  const auto message = [&](const Json& fields) {
    const auto method = make_method(config_with(fields), model);
    return method ? "accepted" : method.error().message;
  };
  // Keys and values have 16 rows, so that they cannot be decomposed to rank 20; random factors of rank 20 may be.
  EXPECT_EQ(message({{"rank", 20}}), "accepted");
  EXPECT_THAT(message({{"rank", 20}, {"lora_start", "pissa"}}), HasSubstr("at most 16"));
  EXPECT_EQ(message({{"rank", 20}, {"lora_start", "pissa"}, {"target", "q_proj"}}), "accepted");
  EXPECT_THAT(message({{"scale", 0}, {"lora_start", "pissa"}}), HasSubstr("scale"));
}

std::vector<std::string> written_targets(const ModelConfig& config, const std::string& target) {
  const BaseModel model = testing::random_model(config);
  const auto folder = must(TemporaryFolder::create("targets"));
  const auto method = must(make_method(config_with({{"target", target}}), model));
  Tensors values;
  for (const Parameter& parameter : method->initial_parameters(1)) values.push_back(parameter.value);
  must(method->save(folder.path(), values));
  return must(parse_json(must(read_file(folder.path() / kPeftConfig)), "x"))["target_modules"];
}

TEST(AdapterTargets, AreNamedSoThatOthersAdaptTheSameLayers) {
  EXPECT_THAT(written_targets(testing::llama_config(), "attention"),
              UnorderedElementsAre("q_proj", "k_proj", "v_proj", "o_proj"));
  // GPT-2 calls two layers c_proj: where one of them is adapted, its name alone would select both.
  EXPECT_THAT(written_targets(testing::gpt2_config(), "attention"), UnorderedElementsAre("c_attn", "attn.c_proj"));
  EXPECT_THAT(written_targets(testing::gpt2_config(), "all"), UnorderedElementsAre("c_attn", "c_proj", "c_fc"));
}

}  // namespace
}  // namespace pegbox::train
