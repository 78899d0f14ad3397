// Tests of TextClassifier.
#include "text/text_classifier.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>

#include "base/rng.h"

namespace pegbox::text {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Labelled {
  std::vector<std::string> texts, groups;
  std::vector<bool> is_positive;
};

/// Texts of random words; one of five words is what makes a text positive, if it may.
Labelled draw(std::size_t count, bool has_signal) {
  Rng rng({.stream = stream_id("texts")});
  Labelled data;
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_positive = i % 3 == 0;
    std::string text;
    for (int word = 0; word < 8; ++word) text += fmt::format("w{} ", rng.below(60));
    if (has_signal && is_positive) text += fmt::format("vile{}", rng.below(5));
    data.texts.push_back(std::move(text));
    data.is_positive.push_back(is_positive);
  }
  return data;
}

TEST(TextClassifier, LearnsTheWordsThatMatter) {
  const Labelled data = draw(200, true);
  const auto classifier = TextClassifier::train(data.texts, data.is_positive);
  ASSERT_TRUE(classifier);
  EXPECT_GT(classifier->probability("w1 w2 VILE3"), 0.5);
  EXPECT_LT(classifier->probability("w1 w2 w3"), 0.5);
  const auto quality = cross_validate(data.texts, data.is_positive, {});
  ASSERT_TRUE(quality);
  EXPECT_GT(quality->interval.low, 0.95);
  EXPECT_EQ(quality->positives, 67);
}

TEST(TextClassifier, IsNotJudgedByWhatItHasSeen) {
  const Labelled noise = draw(200, false);
  const auto quality = cross_validate(noise.texts, noise.is_positive, {});
  ASSERT_TRUE(quality);
  EXPECT_LT(quality->interval.low, 0.55);
  EXPECT_LT(quality->roc_area, 0.62);
  // Each text twice, with the same random label: only one who has seen the twin knows it.
  Labelled twins = noise;
  for (std::size_t i = 0; i < noise.texts.size(); ++i) {
    twins.groups.push_back(std::to_string(i));
    twins.texts.push_back(noise.texts[i]);
    twins.is_positive.push_back(noise.is_positive[i]);
  }
  for (std::size_t i = 0; i < noise.texts.size(); ++i) twins.groups.push_back(std::to_string(i));
  EXPECT_GT(cross_validate(twins.texts, twins.is_positive, {})->roc_area, 0.75);
  EXPECT_LT(cross_validate(twins.texts, twins.is_positive, twins.groups)->roc_area, 0.65);
}

TEST(TextClassifier, NeedsBothClassesAndEnoughTexts) {
  const std::vector<std::string> texts = {"a", "b", "c", "d"};
  EXPECT_FALSE(TextClassifier::train(texts, {true, true, true, true}));
  const auto few = cross_validate(texts, {true, false, true, false}, {}, "labelled.csv");
  ASSERT_FALSE(few);
  EXPECT_THAT(few.error().message, AllOf(HasSubstr("[labelled.csv]"), HasSubstr("2 positive and 2 other"),
                                         HasSubstr("at least 5 of each"), Not(HasSubstr("fold"))));
}

TEST(TextClassifier, CountsTextsOfOneGroupOnce) {
  std::vector<std::string> texts, groups;
  std::vector<bool> is_positive;
  for (int i = 0; i < 40; ++i) {
    is_positive.push_back(i % 2 == 0);
    texts.push_back(is_positive.back() ? "an awful film" : "a fine film");
    groups.push_back(std::to_string(i % 8));
  }
  const auto four_of_each = cross_validate(texts, is_positive, groups);
  ASSERT_FALSE(four_of_each);
  EXPECT_THAT(four_of_each.error().message, HasSubstr("4 positive and 4 other ones, those of one group counted once"));
  for (int i = 0; i < 40; ++i) groups[static_cast<std::size_t>(i)] = std::to_string(i % 10);
  const auto five_of_each = cross_validate(texts, is_positive, groups);
  ASSERT_TRUE(five_of_each) << five_of_each.error().message;
  EXPECT_EQ(five_of_each->roc_area, 1);
  groups.assign(groups.size(), "one");
  EXPECT_FALSE(cross_validate(texts, is_positive, groups));
}

TEST(TextClassifier, FeaturesHaveTheLengthOne) {
  const math::SparseRow row = hashed_ngrams("the whale was white, the whale was large");
  double square = 0;
  for (const double value : row.values) square += value * value;
  EXPECT_NEAR(square, 1, 1e-12);
  EXPECT_TRUE(hashed_ngrams("").columns.empty());
}

}  // namespace
}  // namespace pegbox::text
