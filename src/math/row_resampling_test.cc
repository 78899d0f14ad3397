// Intervals and tests by resampling rows: their coverage, and their size where nothing differs.
#include "math/row_resampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

namespace pegbox::math {
namespace {

std::vector<RowNumber> numbers(std::size_t count, RowNumber from = 0) {
  std::vector<RowNumber> rows(count);
  std::iota(rows.begin(), rows.end(), from);
  return rows;
}

RowStatistic mean_of(const std::vector<double>& values) {
  return [&values](std::span<const RowNumber> rows) {
    double sum = 0;
    for (const RowNumber row : rows) sum += values[row];
    return sum / static_cast<double>(rows.size());
  };
}

std::vector<double> normals(std::size_t count, std::uint64_t trial) {
  Rng rng({1, stream_id("row resampling test"), trial});
  std::vector<double> values(count);
  for (double& value : values) value = rng.normal();
  return values;
}

TEST(RowResampling, IntervalsHoldTheTruthAsOftenAsTheySay) {
  int held = 0;
  constexpr int kSamples = 300;
  for (int i = 0; i < kSamples; ++i) {
    const auto values = normals(40, static_cast<std::uint64_t>(i));
    const auto spread = bootstrap_rows(numbers(40), mean_of(values), {7, 3, static_cast<std::uint64_t>(i)}, {0.9, 200});
    ASSERT_TRUE(spread);
    held += spread->interval.low <= 0 && spread->interval.high >= 0;
    EXPECT_NEAR(spread->standard_error, 1 / std::sqrt(40.0), 0.08);
  }
  EXPECT_NEAR(held, 0.9 * kSamples, 20);  // standard deviation 5
}

TEST(RowResampling, EqualModelsAreRarelyToldApartAndDifferentOnesAre) {
  int told = 0;
  constexpr int kSamples = 200;
  for (int i = 0; i < kSamples; ++i) {
    const auto values = normals(60, static_cast<std::uint64_t>(1000 + i));  // 30 pairs
    const auto result =
        compare_rows(numbers(30), numbers(30, 30), mean_of(values), {7, 4, static_cast<std::uint64_t>(i)}, {0.95, 200});
    ASSERT_TRUE(result);
    told += result->p_value < 0.1;
  }
  EXPECT_NEAR(told, 0.1 * kSamples, 13);  // standard deviation 4
  auto values = normals(60, 5);
  for (std::size_t i = 30; i < 60; ++i) values[i] = values[i - 30] + 0.5 + 0.1 * values[i];
  const auto result = compare_rows(numbers(30), numbers(30, 30), mean_of(values), {7, 5});
  EXPECT_NEAR(result->difference, 0.5, 0.1);
  EXPECT_NEAR(result->p_value, 1.0 / 1001, 1e-12) << "none of 1000 exchanges gives as much";
  EXPECT_GT(result->interval.low, 0.4);
  EXPECT_LT(result->interval.high, 0.6);
}

TEST(RowResampling, SameRowsDoNotDiffer) {
  auto values = normals(20, 9);
  std::copy_n(values.begin(), 10, values.begin() + 10);
  const auto result = compare_rows(numbers(10), numbers(10, 10), mean_of(values), {1, 2});
  EXPECT_EQ(result->difference, 0);
  EXPECT_EQ(result->p_value, 1);
}

TEST(RowResampling, ASeedGivesTheSameIntervalAndAStatisticWithoutValueNone) {
  const auto values = normals(20, 2);
  const auto once = bootstrap_rows(numbers(20), mean_of(values), {1, 2}),
             again = bootstrap_rows(numbers(20), mean_of(values), {1, 2});
  EXPECT_EQ(once->interval.low, again->interval.low);
  EXPECT_NE(once->interval.low, bootstrap_rows(numbers(20), mean_of(values), {2, 2})->interval.low);
  EXPECT_FALSE(bootstrap_rows(numbers(20), [](std::span<const RowNumber>) { return NAN; }, {1, 2}));
  EXPECT_FALSE(bootstrap_rows(numbers(1), mean_of(values), {1, 2}));
}

}  // namespace
}  // namespace pegbox::math
