// Tests of evaluate: losses of texts add up to that of the whole, and the error of a sample is what it is off by.
#include "train/evaluate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/rng.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

TEST(EvaluationOfEachText, AddsUpToTheWhole) {
  const BaseModel model = testing::random_model(testing::llama_config());
  const PlainNetwork network(model.decoder->layout(), model.weights);
  text::TokenizedRows rows = testing::random_rows({20, 30, 9, 14, 41}, 61, 2);
  rows.sources = {0, 0, 1, 3, 3};  // the third text left no row
  Lanes lanes(2);
  const Evaluation whole = evaluate(*model.decoder, network, rows, lanes, 64);
  const auto each = evaluate_each(*model.decoder, network, rows, lanes, 64);
  ASSERT_EQ(each.size(), 4u);
  EXPECT_EQ(each[0].label_tokens, 48);
  EXPECT_EQ(each[2].label_tokens, 0);
  double sum = 0;
  for (const Evaluation& text : each)
    if (text.label_tokens > 0) sum += text.loss * static_cast<double>(text.label_tokens);
  EXPECT_NEAR(sum / static_cast<double>(whole.label_tokens), whole.loss, 1e-6);
}

TEST(EvaluationOfASample, SaysHowFarItIsOff) {
  const BaseModel model = testing::random_model(testing::llama_config());
  const PlainNetwork network(model.decoder->layout(), model.weights);
  std::vector<std::int64_t> lengths;
  for (std::int64_t row = 0; row < 60; ++row) lengths.push_back(4 + row % 13);
  const text::TokenizedRows rows = testing::random_rows(lengths, 61, 3);
  Lanes lanes(2);
  const Evaluation whole = evaluate(*model.decoder, network, rows, lanes, 256);
  double squares = 0;  // of how many standard errors samples are off, which are not drawn from all texts there are
  constexpr int kSamples = 100;
  for (int sample = 0; sample < kSamples; ++sample) {
    std::vector<double> chance(static_cast<std::size_t>(rows.size()));
    Rng rng({5, 6, static_cast<std::uint64_t>(sample)});
    for (double& value : chance) value = rng.uniform();
    const EvaluationRows some = EvaluationRows(rows).spread(chance).beginning(150);
    const Evaluation part = evaluate(*model.decoder, network, some, lanes, 256);
    EXPECT_GT(part.error, 0);
    const double left = 1 - static_cast<double>(some.sets()[0].rows.size()) / static_cast<double>(rows.size());
    squares += std::pow((part.loss - whole.loss) / part.error, 2) / left;
  }
  EXPECT_GT(squares / kSamples, 0.7);
  EXPECT_LT(squares / kSamples, 1.5);
}

}  // namespace
}  // namespace pegbox::train
