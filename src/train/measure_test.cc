// Tests of measure: the parts add up to the evaluation of the whole.
#include "train/measure.h"

#include <cmath>

#include "train/evaluate.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

TEST(Measure, OfTextsAddsUpToTheEvaluation) {
  const BaseModel model = testing::random_model(testing::llama_config());
  const PlainNetwork network(model.decoder->layout(), model.weights);
  text::TokenizedRows rows = testing::random_rows({20, 30, 9, 14, 41}, 61, 2, 0.3);
  rows.sources = {0, 0, 1, 3, 3};  // the third text left no row
  constexpr text::TokenId kEnd = 60;
  for (const std::int64_t row : {1, 4}) rows.ids[static_cast<std::size_t>(rows.offsets[row + 1] - 1)] = kEnd;
  Lanes one(1), two(2);
  const Evaluation whole = evaluate(*model.decoder, network, rows, two, 64);
  const auto texts = measure(*model.decoder, network, rows, two, 64, kEnd);
  ASSERT_EQ(texts.size(), 4u);
  EXPECT_EQ(texts[2].label_tokens, 0);
  double loss = 0;
  std::int64_t tokens = 0, right = 0, ends = 0;
  for (const TextMeasure& text : texts) {
    loss += text.loss;
    tokens += text.label_tokens;
    right += text.right_tokens;
    ends += text.end_tokens;
    EXPECT_EQ(static_cast<std::int64_t>(text.scored.size()), text.label_tokens - text.end_tokens);
    EXPECT_EQ(text.end_loss > 0, text.end_tokens > 0);
    EXPECT_LE(text.end_loss, text.loss);
  }
  EXPECT_EQ(tokens, whole.label_tokens);
  EXPECT_NEAR(loss / static_cast<double>(tokens), whole.loss, 1e-6);
  EXPECT_GE(ends, 2);
  EXPECT_LT(right, tokens);
  const auto again = measure(*model.decoder, network, rows, one, 64, kEnd);
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(texts[i].loss, again[i].loss);
}

TEST(Measure, CountsTheTokensThatAreTheLikeliest) {
  const BaseModel model = testing::random_model(testing::llama_config());
  const PlainNetwork network(model.decoder->layout(), model.weights);
  text::TokenizedRows rows = testing::random_rows({12}, 61, 2);
  rows.sources = {0};
  Lanes lanes(1);
  for (std::int64_t i = 1; i < 12; ++i) {  // each token becomes what the model says after those before it
    KeyValueCache cache;
    const std::vector<std::int64_t> before(rows.ids.begin(), rows.ids.begin() + i);
    const Tensor logits = model.decoder->logits(network, model.decoder->extend(network, before, cache));
    rows.ids[static_cast<std::size_t>(i)] = static_cast<text::TokenId>(logits.argmax().item<std::int64_t>());
  }
  EXPECT_EQ(measure(*model.decoder, network, rows, lanes, 64, -1)[0].right_tokens, 11);
  rows.ids[11] = (rows.ids[11] + 1) % 61;
  EXPECT_EQ(measure(*model.decoder, network, rows, lanes, 64, -1)[0].right_tokens, 10);
}

}  // namespace
}  // namespace pegbox::train
