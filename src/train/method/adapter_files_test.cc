// Tests of LoRA and its files: where updates sit, that they are read as written, and that merging keeps the model's
// answers.
#include "train/method/adapter_files.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "text/packing.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

struct Setting {
  std::string name;
  ModelConfig config;
  std::string target;
};

class AdapterFiles : public ::testing::TestWithParam<Setting> {
 protected:
  AdapterFiles()
      : folder_(*TemporaryFolder::create("adapter")),
        model_(testing::random_model(GetParam().config)),
        plan_(testing::must(LoraPlan::create(model_.decoder->layout(), GetParam().target, 3, 1.5))) {
    for (const LoraPlan::Group& group : plan_.groups()) {
      if (group.parts.empty()) continue;
      const auto parts = static_cast<std::int64_t>(group.parts.size());
      values_.push_back(testing::random_tensor({3 * parts, group.inputs}, 50 + values_.size(), 0.3));
      values_.push_back(testing::random_tensor({group.rows, 3}, 50 + values_.size(), 0.3));
    }
    testing::must(save_adapter(folder_.path(), *model_.decoder, plan_, values_, {.base_name = "base", .dropout = 0.1}));
  }

  Tensor hidden(const Network& network) const {
    DropoutSource none;
    const auto rows = testing::random_rows({20, 9}, 61, 4);
    return model_.decoder->hidden(network, to_batch(text::pack(rows, std::vector<std::int64_t>{0, 1})), none);
  }
  Json config() const { return *parse_json(*read_file(folder_.path() / "adapter_config.json"), "config"); }
  void set_config(const std::string& key, const Json& value) const {
    Json json = config();
    json[key] = value;
    testing::must(replace_file(folder_.path() / "adapter_config.json", json.dump()));
  }

  TemporaryFolder folder_;
  BaseModel model_;
  LoraPlan plan_;
  Tensors values_;
};

TEST_P(AdapterFiles, GiveBackWhatWasSaved) {
  const Adapter adapter = testing::must(load_adapter(folder_.path(), *model_.decoder));
  ASSERT_EQ(adapter.values.size(), values_.size());
  for (std::size_t i = 0; i < values_.size(); ++i) EXPECT_TRUE(testing::same_bits(adapter.values[i], values_[i])) << i;
  EXPECT_EQ(adapter.plan.rank(), 3);
  EXPECT_DOUBLE_EQ(adapter.plan.scale(), 1.5);
  EXPECT_EQ(adapter.info.base_name, "base");
}

TEST_P(AdapterFiles, MergingKeepsTheAnswers) {
  const Adapter adapter = testing::must(load_adapter(folder_.path(), *model_.decoder));
  const LoraNetwork beside(model_.decoder->layout(), model_.weights, plan_.factors(values_), 0);
  const PlainNetwork merged(model_.decoder->layout(), merge_adapter(*model_.decoder, model_.weights, adapter));
  const PlainNetwork base(model_.decoder->layout(), model_.weights);
  EXPECT_LT(testing::relative_difference(hidden(beside), hidden(merged)), 5e-5);
  EXPECT_GT(testing::relative_difference(hidden(beside), hidden(base)), 1e-2);
}

TEST_P(AdapterFiles, RefuseWhatIsNotSupported) {
  for (const auto& [key, value] : {std::pair<std::string, Json>{"peft_type", "IA3"},
                                   {"use_dora", true},
                                   {"bias", "all"},
                                   {"modules_to_save", {"lm_head"}},
                                   {"rank_pattern", {{"q_proj", 4}}}}) {
    const Json before = config();
    set_config(key, value);
    const auto adapter = load_adapter(folder_.path(), *model_.decoder);
    ASSERT_FALSE(adapter) << key;
    EXPECT_EQ(adapter.error().kind, ErrorKind::Unsupported) << adapter.error().message;
    testing::must(replace_file(folder_.path() / "adapter_config.json", before.dump()));
  }
}

TEST_P(AdapterFiles, RefuseAnotherModelsAdapter) {
  ModelConfig wider = GetParam().config;
  wider.feed_forward *= 2;
  wider.width *= 2;
  wider.head_width *= 2;
  const BaseModel other = testing::random_model(wider);
  const auto adapter = load_adapter(folder_.path(), *other.decoder);
  ASSERT_FALSE(adapter);
  EXPECT_THAT(adapter.error().message, HasSubstr("wrong shape"));
}

TEST_P(AdapterFiles, ReadRankStabilizedScale) {
  set_config("use_rslora", true);
  EXPECT_NEAR(testing::must(load_adapter(folder_.path(), *model_.decoder)).plan.scale(), 4.5 / std::sqrt(3.0), 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Settings, AdapterFiles,
                         ::testing::Values(Setting{"llamaAll", testing::llama_config(), "all"},
                                           Setting{"llamaSome", testing::llama_config(), "q_proj, v_proj,down_proj"},
                                           Setting{"gpt2All", testing::gpt2_config(), "all"},
                                           Setting{"gpt2Feed", testing::gpt2_config(), "feed_forward"}),
                         [](const auto& info) { return info.param.name; });

std::vector<std::string> written_targets(const ModelConfig& config, const std::string& target) {
  const BaseModel model = testing::random_model(config);
  const LoraPlan plan = testing::must(LoraPlan::create(model.decoder->layout(), target, 2, 1));
  Tensors values;
  for (const auto& group : plan.groups())
    if (!group.parts.empty()) {
      values.push_back(at::zeros({2 * static_cast<std::int64_t>(group.parts.size()), group.inputs}));
      values.push_back(at::zeros({group.rows, 2}));
    }
  const auto folder = testing::must(TemporaryFolder::create("targets"));
  testing::must(save_adapter(folder.path(), *model.decoder, plan, values, {}));
  return testing::must(
      parse_json(testing::must(read_file(folder.path() / "adapter_config.json")), "x"))["target_modules"];
}

TEST(AdapterTargets, AreNamedSoThatOthersAdaptTheSameLayers) {
  EXPECT_THAT(written_targets(testing::llama_config(), "attention"),
              UnorderedElementsAre("q_proj", "k_proj", "v_proj", "o_proj"));
  // GPT-2 calls two layers c_proj: where one of them is adapted, its name alone would select both.
  EXPECT_THAT(written_targets(testing::gpt2_config(), "attention"), UnorderedElementsAre("c_attn", "attn.c_proj"));
  EXPECT_THAT(written_targets(testing::gpt2_config(), "all"), UnorderedElementsAre("c_attn", "c_proj", "c_fc"));
}

TEST(AdapterTargets, ThatDoNotExistAreRefusedByName) {
  const ModelLayout layout = layout_of(testing::llama_config());
  const auto plan = LoraPlan::create(layout, "q_proj,c_attn", 2, 1);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().message, HasSubstr("c_attn"));
  EXPECT_THAT(plan.error().message, HasSubstr("down_proj"));
  EXPECT_FALSE(LoraPlan::create(layout, "", 2, 1));
}

}  // namespace
}  // namespace pegbox::train
