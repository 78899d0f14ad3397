// Tests of architectures from scratch: a shape with what it may have, and what no model of it has.
#include "train/method/scratch_model.h"

#include <gmock/gmock.h>

#include "train/model/family.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::must;

Result<BaseModel> scratch(Json fields) {
  fields["method"] = "scratch";
  PEGBOX_TRY(const TrainConfig config, read_train_config(Json::object(), fields, "test"));
  return scratch_model(config, 300, 0);
}

void expect_misfit(const Json& fields, const std::string& words) {
  const auto refused = scratch(fields);
  ASSERT_FALSE(refused) << fields;
  EXPECT_EQ(refused.error().kind, ErrorKind::InvalidInput);
  EXPECT_THAT(refused.error().message, HasSubstr(words));
}

TEST(ScratchModel, MakesEveryFamily) {
  for (const std::string_view name : family_names()) {
    const BaseModel made = must(scratch({{"shape", name}}));
    EXPECT_EQ(made.decoder->config().family, name);
    EXPECT_EQ(made.decoder->config().vocabulary, 300);
    EXPECT_EQ(made.decoder->config().window(0), 0) << name;
  }
}

TEST(ScratchModel, TakesTheActivationsOfItsShape) {
  EXPECT_EQ(must(scratch({{"activation", "gelu_gated"}})).decoder->config().activation, Activation::GeluTanh);
  EXPECT_EQ(must(scratch({{"shape", "gpt2"}, {"activation", "relu"}})).decoder->config().activation, Activation::Relu);
  expect_misfit({{"activation", "gelu"}}, "gpt2, arcee, starcoder2");
  expect_misfit({{"shape", "gpt2"}, {"activation", "silu_gated"}}, "llama, mistral");
}

TEST(ScratchModel, HasTheNormOfItsShape) {
  EXPECT_EQ(must(scratch({{"shape", "stablelm"}, {"norm", "layer"}})).decoder->config().norm, NormKind::Layer);
  expect_misfit({{"norm", "layer"}}, "gpt2, stablelm, starcoder2");
  expect_misfit({{"shape", "gpt2"}, {"norm", "rms"}}, "llama, mistral");
}

TEST(ScratchModel, HasWindowsWhereItsShapeHasThem) {
  EXPECT_THAT(must(scratch({{"shape", "mistral"}, {"window", 9}})).decoder->config().windows, Each(9));
  EXPECT_THAT(must(scratch({{"shape", "gemma2"}, {"window", 9}})).decoder->config().windows, Contains(0));
  expect_misfit({{"window", 9}}, "window only with shape mistral");
}

TEST(ScratchModel, HasHeadsOfAWidthOfTheirOwnWhereItsShapeHasThem) {
  const BaseModel made = must(scratch({{"width", 100}, {"heads", 3}, {"kv_heads", 1}, {"head_dim", 16}}));
  const ModelLayout& layout = made.decoder->layout();
  const auto shape_of = [&](int group) {
    return layout.slots[static_cast<std::size_t>(layout.groups[static_cast<std::size_t>(group)].weight)].shape;
  };
  EXPECT_EQ(made.decoder->config().head_width, 16);
  EXPECT_THAT(shape_of(layout.layers[0].attention_input), ElementsAre((3 + 2) * 16, 100));
  EXPECT_THAT(shape_of(layout.layers[0].attention_output), ElementsAre(100, 3 * 16));
  expect_misfit({{"width", 100}, {"heads", 3}}, "a multiple of heads, or a head_dim");
  expect_misfit({{"head_dim", 15}}, "even head width");
  expect_misfit({{"shape", "gpt2"}, {"head_dim", 16}}, "head_dim only with shape llama, mistral");
  expect_misfit({{"shape", "stablelm"}, {"head_dim", 16}}, "stablelm has no head_dim");
}

TEST(ScratchModel, SizesTheFeedForwardNetworkByItsGate) {
  EXPECT_EQ(must(scratch({{"width", 96}})).decoder->config().feed_forward, 256);
  EXPECT_EQ(must(scratch({{"width", 96}, {"shape", "arcee"}})).decoder->config().feed_forward, 384);
}

}  // namespace
}  // namespace pegbox::train
