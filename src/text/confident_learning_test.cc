// Tests of confident learning: the rules one by one, and labels turned at random. Against cleanlab:
// tests/peers/test_label_errors.py.
#include "text/confident_learning.h"

#include <gmock/gmock.h>

#include "base/rng.h"

namespace pegbox::text {
namespace {

using testing::ElementsAre;

TEST(ConfidentLearning, HoldsEachClassToItsOwnMean) {
  // Rows labelled 1 have a mean of 0.5 for it, rows labelled 0 one of 0.6 for theirs.
  const std::vector<std::int32_t> labels = {0, 0, 0, 1, 1};
  const std::vector<double> probabilities = {0.9, 0.1, 0.5, 0.5, 0.4, 0.6, 0.45, 0.55, 0.55, 0.45};
  EXPECT_THAT(likely_classes(labels, probabilities, 2), ElementsAre(-1, -1, 1, -1, -1))
      << "0.55 is not enough for class 0; and the second row's label is as probable";
}

TEST(ConfidentLearning, TakesTheMostProbableOfSeveralClasses) {
  const std::vector<std::int32_t> labels = {0, 1, 2, 0};
  const std::vector<double> probabilities = {0.8, 0.1, 0.1, 0.6, 0.2, 0.2, 0.5, 0.3, 0.2, 0.1, 0.4, 0.5};
  EXPECT_THAT(likely_classes(labels, probabilities, 3), ElementsAre(-1, 0, 0, 2));
  EXPECT_THAT(likely_classes({}, {}, 3), ElementsAre());
}

TEST(ConfidentLearning, FindsLabelsThatWereTurned) {
  constexpr std::size_t kRows = 2000, kClasses = 4;
  Rng rng({1, stream_id("test"), 0});
  std::vector<std::int32_t> labels, turned_to(kRows, -1);
  std::vector<double> probabilities;
  for (std::size_t row = 0; row < kRows; ++row) {
    const auto truth = rng.below(kClasses);
    std::vector<double> of_row(kClasses, 0.0);
    const double sure = 0.4 + 0.6 * rng.uniform();
    for (std::size_t k = 0; k < kClasses; ++k) of_row[k] = k == truth ? sure : (1 - sure) / (kClasses - 1);
    probabilities.insert(probabilities.end(), of_row.begin(), of_row.end());
    const bool is_turned = rng.uniform() < 0.1;
    if (is_turned) turned_to[row] = static_cast<std::int32_t>(truth);
    labels.push_back(static_cast<std::int32_t>(is_turned ? (truth + 1) % kClasses : truth));
  }
  int found = 0, right = 0, turned = 0;
  const auto likely = likely_classes(labels, probabilities, kClasses);
  for (std::size_t row = 0; row < kRows; ++row) {
    turned += turned_to[row] >= 0;
    found += likely[row] >= 0;
    right += likely[row] >= 0 && likely[row] == turned_to[row];
  }
  EXPECT_EQ(found, right);
  EXPECT_GT(right, turned / 2) << "the surer half";
}

}  // namespace
}  // namespace pegbox::text
