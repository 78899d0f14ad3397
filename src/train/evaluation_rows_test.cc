// Tests of EvaluationRows: samples are nested, keep sets apart, and are like the whole.
#include "train/evaluation_rows.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "base/rng.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::ElementsAre;

const std::vector<std::int64_t>& rows_of(const EvaluationRows& rows, std::size_t set = 0) {
  return rows.sets().at(set).rows;
}

TEST(EvaluationRows, AreThoseUpToTheTokensThatAreAskedFor) {
  const text::TokenizedRows data = testing::random_rows({5, 7, 9, 11}, 61, 1);
  EXPECT_THAT(rows_of(EvaluationRows(data)), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(EvaluationRows(data).tokens(), 32);
  EXPECT_THAT(rows_of(EvaluationRows(data, 12)), ElementsAre(0, 1));
  EXPECT_TRUE(EvaluationRows(data, 12).is_whole());
}

TEST(EvaluationRows, TakeAsManyOfEachSetOfAMixture) {
  text::TokenizedRows data = testing::random_rows(std::vector<std::int64_t>(60, 4), 61, 1);
  data.group_names = {"books", "code"};
  for (int row = 0; row < 60; ++row) data.groups.push_back(row < 45 ? 0 : 1);
  const EvaluationRows part = EvaluationRows(data).beginning(100);
  ASSERT_EQ(part.sets().size(), 2u);
  EXPECT_EQ(part.sets()[1].name, "code");
  EXPECT_EQ(rows_of(part, 0).size(), 13u);
  EXPECT_EQ(rows_of(part, 1).size(), 13u);
  EXPECT_FALSE(part.is_whole());
}

TEST(EvaluationRows, OfABeginningAreAtLeastAFewAndAtMostAll) {
  const text::TokenizedRows data = testing::random_rows(std::vector<std::int64_t>(20, 10), 61, 1);
  const EvaluationRows rows(data);
  EXPECT_EQ(rows_of(rows.beginning(1)).size(), 8u);
  EXPECT_EQ(rows_of(rows.beginning(120)).size(), 12u);
  EXPECT_EQ(rows_of(rows.beginning(1000)).size(), 20u);
  EXPECT_TRUE(rows.beginning(1000).is_whole());
}

TEST(EvaluationRows, OfALongerBeginningIncludeThoseOfAShorter) {
  const text::TokenizedRows data = testing::random_rows(std::vector<std::int64_t>(50, 10), 61, 1);
  std::vector<double> difficulty(50);
  for (std::size_t row = 0; row < 50; ++row) difficulty[row] = static_cast<double>(row * 37 % 50);
  const EvaluationRows rows = EvaluationRows(data).spread(difficulty);
  const auto shorter = rows_of(rows.beginning(150)), longer = rows_of(rows.beginning(300));
  EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), longer.begin()));
  EXPECT_EQ(std::set<std::int64_t>(rows_of(rows).begin(), rows_of(rows).end()).size(), 50u);
}

/// Another model's losses say much of this one's, though not all: samples by them are as good as far larger ones.
TEST(EvaluationRows, SpreadByAnotherModelsLossesAreLikeTheWhole) {
  constexpr std::size_t kRows = 200;
  const text::TokenizedRows data = testing::random_rows(std::vector<std::int64_t>(kRows, 10), 61, 1);
  double spread_squares = 0, plain_squares = 0;
  for (std::uint64_t repeat = 0; repeat < 50; ++repeat) {
    Rng rng({1, 2, repeat});
    std::vector<double> base(kRows), losses(kRows);
    double mean = 0;
    for (std::size_t row = 0; row < kRows; ++row) {
      base[row] = rng.normal();
      losses[row] = base[row] + 0.3 * rng.normal();
      mean += losses[row] / kRows;
    }
    const auto off = [&](const EvaluationRows& rows) {
      double sum = 0;
      for (const std::int64_t row : rows_of(rows)) sum += losses[static_cast<std::size_t>(row)];
      return sum / static_cast<double>(rows_of(rows).size()) - mean;
    };
    const EvaluationRows rows(data);
    plain_squares += std::pow(off(rows.beginning(200)), 2);
    spread_squares += std::pow(off(rows.spread(base).beginning(200)), 2);
  }
  EXPECT_LT(spread_squares, plain_squares / 4);
}

}  // namespace
}  // namespace pegbox::train
