// Tests of label errors: labels turned in texts whose words tell their class.
#include "text/label_errors.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/rng.h"
#include "text/test_support.h"

namespace pegbox::text {
namespace {

/// Texts of five words, two of them of their class's own, the others of all classes; each label is the class, but for
/// one in `turned_every`, which is the next one.
struct TurnedTexts {
  std::vector<std::string> texts;
  std::vector<std::int32_t> labels;
  std::set<RowNumber> turned;

  TurnedTexts(int rows, int classes, int turned_every, std::uint64_t seed) {
    Rng rng({seed, stream_id("test"), 0});
    for (int row = 0; row < rows; ++row) {
      const auto truth = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(classes)));
      std::string text;
      for (int word = 0; word < 5; ++word)
        text += word < 2 ? "own" + std::to_string(truth) + "x" + std::to_string(rng.below(8)) + " "
                         : "word" + std::to_string(rng.below(60)) + " ";
      const bool is_turned = rng.below(static_cast<std::uint64_t>(turned_every)) == 0;
      if (is_turned) turned.insert(row);
      texts.push_back(text);
      labels.push_back(is_turned ? (truth + 1) % classes : truth);
    }
  }

  LabelErrorFinder finder() const {
    LabelErrorFinder finder;
    for (std::size_t i = 0; i < texts.size(); ++i)
      finder.add(static_cast<RowNumber>(i), labels[i], features_of(texts[i]));
    return finder;
  }
};

TEST(LabelErrors, AreFoundWhereLabelsWereTurned) {
  const TurnedTexts data(600, 4, 12, 1);
  const auto errors = data.finder().find(2);
  std::size_t right = 0;
  for (const LabelError& error : errors) {
    right += data.turned.contains(error.row);
    EXPECT_EQ(error.label, data.labels[static_cast<std::size_t>(error.row)]);
    if (data.turned.contains(error.row)) {
      EXPECT_EQ(error.likely, (error.label + 3) % 4);
    }
    EXPECT_GT(error.likely_probability, error.label_probability);
  }
  EXPECT_GE(right, data.turned.size() * 85 / 100) << "recall";
  EXPECT_GE(right, errors.size() * 95 / 100) << "precision";
  for (std::size_t i = 1; i < errors.size(); ++i)
    EXPECT_GE(errors[i - 1].likely_probability - errors[i - 1].label_probability,
              errors[i].likely_probability - errors[i].label_probability);
}

TEST(LabelErrors, AreTheSameOnAnyNumberOfThreads) {
  const TurnedTexts data(300, 3, 10, 2);
  const auto one = data.finder().find(1), three = data.finder().find(3);
  ASSERT_EQ(one.size(), three.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].row, three[i].row);
    EXPECT_EQ(one[i].likely_probability, three[i].likely_probability);
  }
}

TEST(LabelErrors, AreFewWhereNoLabelIsWrong) {
  const TurnedTexts data(600, 4, 1 << 30, 3);
  EXPECT_LE(data.finder().find(2).size(), 6u);
}

TEST(LabelErrors, AskNothingOfClassesOfAFewRows) {
  LabelErrorFinder finder;
  EXPECT_TRUE(finder.find(1).empty());
  for (RowNumber row = 0; row < 40; ++row) finder.add(row, 0, features_of("one two three"));
  for (RowNumber row = 40; row < 44; ++row) finder.add(row, 1, features_of("one two three"));
  EXPECT_TRUE(finder.find(1).empty()) << "one class is left";
}

TEST(LabelClassifier, GivesProbabilitiesOfRowsThatItHasNotSeen) {
  const TurnedTexts data(200, 2, 1 << 30, 4);
  std::vector<LabelledFeatures> rows;
  for (std::size_t i = 0; i < data.texts.size(); ++i) rows.push_back({features_of(data.texts[i]), data.labels[i]});
  rows.push_back({features_of("nothing known here"), 1});
  const auto probabilities = cross_validated_probabilities(rows, 2, 1);
  std::size_t right = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_NEAR(probabilities[2 * i] + probabilities[2 * i + 1], 1, 1e-5);
    right += probabilities[2 * i + static_cast<std::size_t>(rows[i].label)] > 0.5;
  }
  EXPECT_GE(right, rows.size() * 95 / 100);
  EXPECT_NEAR(probabilities[2 * (rows.size() - 1)], 0.5, 0.2) << "only the intercept says something";
}

}  // namespace
}  // namespace pegbox::text
