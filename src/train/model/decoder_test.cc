// Tests of the decoder: documents do not see each other, and every way to compute a token gives the same.
#include "train/model/decoder.h"

#include "text/packing.h"
#include "train/model/generate.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using testing::relative_difference;

constexpr double kTolerance = 2e-5;

class DecoderOf : public ::testing::TestWithParam<ModelConfig> {
 protected:
  DecoderOf() : model_(testing::random_model(GetParam())), network_(model_.decoder->layout(), model_.weights) {}

  Tensor hidden(const text::TokenizedRows& rows, const std::vector<std::int64_t>& indices, bool all_rows = true) const {
    DropoutSource none;
    return model_.decoder->hidden(network_, to_batch(text::pack(rows, indices)), none, {}, all_rows);
  }

  BaseModel model_;
  PlainNetwork network_;
  text::TokenizedRows rows_ = testing::random_rows({5, 70, 1, 33}, 61, 3, 0.5);
};

TEST_P(DecoderOf, PackedDocumentsEqualDocumentsAlone) {
  const Tensor packed = hidden(rows_, {0, 1, 2, 3});
  Tensors alone;
  for (const std::int64_t row : {0, 1, 2, 3}) alone.push_back(hidden(rows_, {row}));
  EXPECT_LT(relative_difference(packed, at::cat(alone)), kTolerance);
}

TEST_P(DecoderOf, ATokenDoesNotChangeWhatCameBefore) {
  text::TokenizedRows changed = rows_;
  const std::int64_t at = changed.offsets[1] + 40;
  changed.ids[at] = (changed.ids[at] + 1) % 61;
  const Tensor a = hidden(rows_, {1}), b = hidden(changed, {1});
  EXPECT_LT(relative_difference(a.narrow(0, 0, 40), b.narrow(0, 0, 40)), 1e-6);
  EXPECT_GT(relative_difference(a.narrow(0, 40, 30), b.narrow(0, 40, 30)), 1e-2);
}

TEST_P(DecoderOf, LabelRowsAreTheSameWhenTheOthersAreSkipped) {
  const Batch batch = to_batch(text::pack(rows_, std::vector<std::int64_t>{0, 1, 3}));
  const Tensor all = hidden(rows_, {0, 1, 3}), labels = hidden(rows_, {0, 1, 3}, false);
  EXPECT_EQ(labels.size(0), batch.label_tokens());
  EXPECT_LT(labels.size(0), all.size(0));
  EXPECT_LT(relative_difference(labels, all.index_select(0, batch.label_rows)), kTolerance);
}

TEST_P(DecoderOf, TokensOverACacheEqualTheWholeSequence) {
  const Tensor whole = hidden(rows_, {1});
  const auto row = rows_.row(1);
  const std::vector<std::int64_t> ids(row.begin(), row.end());
  KeyValueCache cache;
  const auto part = [&](std::size_t from, std::size_t to) {
    return model_.decoder->extend(
        network_, {ids.begin() + static_cast<std::ptrdiff_t>(from), ids.begin() + static_cast<std::ptrdiff_t>(to)},
        cache);
  };
  EXPECT_LT(relative_difference(part(0, 30), whole.narrow(0, 29, 1)), kTolerance);
  for (std::size_t i = 30; i < 45; ++i)
    EXPECT_LT(relative_difference(part(i, i + 1), whole.narrow(0, static_cast<std::int64_t>(i), 1)), kTolerance) << i;
  EXPECT_LT(relative_difference(part(45, 70), whole.narrow(0, 69, 1)), kTolerance);
  EXPECT_EQ(cache.length, 70);
  for (std::size_t layer = 0; layer < cache.keys.size(); ++layer) {
    const std::int64_t window = GetParam().window(layer), kept = window > 0 ? window - 1 : 70;
    EXPECT_EQ(cache.keys[layer].size(0), kept);
    EXPECT_EQ(cache.values[layer].size(0), kept);
  }
}

TEST_P(DecoderOf, GenerationIsGreedyOrSampledFromItsSeed) {
  const std::vector<std::int64_t> prompt = {1, 2, 3};
  const auto greedy = testing::must(generate(*model_.decoder, network_, prompt, {.most_tokens = 6}));
  ASSERT_EQ(greedy.size(), 6u);
  const Tensor first =
      model_.decoder->logits(network_, hidden({.ids = {1, 2, 3}, .offsets = {0, 3}, .label_starts = {1}}, {0}))
          .narrow(0, 2, 1);
  EXPECT_EQ(greedy[0], first.argmax().item<std::int64_t>());
  const GenerateOptions sampled{.most_tokens = 40, .temperature = 2, .seed = 5};
  const auto once = testing::must(generate(*model_.decoder, network_, prompt, sampled));
  EXPECT_EQ(once, testing::must(generate(*model_.decoder, network_, prompt, sampled)));
  GenerateOptions other = sampled;
  other.seed = 6;
  EXPECT_NE(once, testing::must(generate(*model_.decoder, network_, prompt, other)));
  const auto stopped =
      testing::must(generate(*model_.decoder, network_, prompt, {.most_tokens = 6, .end_token = greedy[2]}));
  EXPECT_LE(stopped.size(), 2u);
}

TEST_P(DecoderOf, GenerationEndsWithThePositions) {
  const std::vector<std::int64_t> prompt(250, 1);
  EXPECT_EQ(testing::must(generate(*model_.decoder, network_, prompt, {.most_tokens = 100})).size(),
            7u);  // 256 positions
  EXPECT_FALSE(generate(*model_.decoder, network_, std::vector<std::int64_t>(257, 1), {}));
  EXPECT_FALSE(generate(*model_.decoder, network_, {}, {}));
}

TEST_P(DecoderOf, SamplingKeepsToTheLikeliestTokens) {
  const std::vector<std::int64_t> prompt = {1, 2, 3};
  const auto greedy = testing::must(generate(*model_.decoder, network_, prompt, {.most_tokens = 12}));
  GenerateOptions sampled{.most_tokens = 12, .temperature = 3, .seed = 5};
  sampled.top_p = 1e-6;  // the likeliest alone
  EXPECT_EQ(greedy, testing::must(generate(*model_.decoder, network_, prompt, sampled)));
  sampled.top_p = 1 - 1e-12;
  const auto others = testing::must(generate(*model_.decoder, network_, prompt, sampled));
  EXPECT_NE(greedy, others);
  sampled.prompt_number = 1;
  EXPECT_NE(others, testing::must(generate(*model_.decoder, network_, prompt, sampled)))
      << "each prompt has random numbers of its own";
}

TEST_P(DecoderOf, GenerationEndsWhereTheContinuationIsWhole) {
  const std::vector<std::int64_t> prompt = {1, 2, 3};
  for (const std::int64_t beams : {1, 3}) {
    const auto two = testing::must(
        generate(*model_.decoder, network_, prompt,
                 {.most_tokens = 9, .beams = beams, .is_whole = [](const auto& ids) { return ids.size() == 2; }}));
    EXPECT_EQ(two.size(), 2u) << beams;
  }
  EXPECT_FALSE(generate(*model_.decoder, network_, prompt, {.temperature = 1, .beams = 2}));
}

TEST_P(DecoderOf, BeamSearchWithABeamForEachTokenFindsTheLikeliestPair) {
  const std::vector<std::int64_t> prompt = {4, 5, 6};
  KeyValueCache cache;
  const auto next = [&](const std::vector<std::int64_t>& ids, KeyValueCache& at) {
    return model_.decoder->logits(network_, model_.decoder->extend(network_, ids, at)).log_softmax(-1)[0];
  };
  const Tensor first = next(prompt, cache);
  std::vector<std::int64_t> best;
  float most = -1e9f;
  for (std::int64_t token = 0; token < first.size(0); ++token) {
    KeyValueCache longer = cache;
    const Tensor second = next({token}, longer) + first[token];
    if (second.max().item<float>() <= most) continue;
    most = second.max().item<float>();
    best = {token, second.argmax().item<std::int64_t>()};
  }
  EXPECT_EQ(best,
            testing::must(generate(*model_.decoder, network_, prompt, {.most_tokens = 2, .beams = first.size(0)})));
}

ModelConfig untied_llama() {
  ModelConfig config = testing::llama_config();
  config.tied_embeddings = false;
  config.attention_input_bias = config.attention_output_bias = config.feed_forward_bias = true;
  config.rope.scaling = RopeScaling{
      .kind = "llama3", .factor = 8, .low_frequency_factor = 1, .high_frequency_factor = 4, .original_positions = 64};
  return config;
}

INSTANTIATE_TEST_SUITE_P(Families, DecoderOf,
                         ::testing::Values(testing::llama_config(), testing::gpt2_config(), untied_llama(),
                                           testing::gemma_config()),
                         [](const auto& info) {
                           return info.index == 2 ? std::string("llamaWithBiases") : info.param.family;
                         });

}  // namespace
}  // namespace pegbox::train
