// Tests of the order in which rows are read.
#include "text/data_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/rng.h"

namespace pegbox::text {
namespace {

using Rows = std::vector<std::int64_t>;

TEST(DataOrder, ReadsEveryRowOncePerEpochInAFreshOrder) {
  for (const std::int64_t rows : {1, 2, 7, 1000}) {
    DataOrder order(rows, 5);
    std::set<Rows> permutations;
    for (int epoch = 0; epoch < 3; ++epoch) {
      EXPECT_EQ(order.position(), (DataOrder::Position{epoch, 0}));
      Rows read = order.next(rows);
      permutations.insert(read);
      std::sort(read.begin(), read.end());
      for (std::int64_t i = 0; i < rows; ++i) EXPECT_EQ(read[i], i);
    }
    if (rows == 1000) {
      EXPECT_EQ(permutations.size(), 3u);
    }
  }
}

TEST(DataOrder, IsTheSameStreamInBatchesOfAnySize) {
  DataOrder whole(37, 1);
  const Rows expected = whole.next(200);
  Rng rng({.seed = 1, .stream = stream_id("data order test")});
  DataOrder order(37, 1);
  Rows read;
  while (read.size() < 200) {
    const Rows batch = order.next(static_cast<std::int64_t>(std::min<std::uint64_t>(rng.below(60), 200 - read.size())));
    read.insert(read.end(), batch.begin(), batch.end());
  }
  EXPECT_EQ(read, expected);
}

TEST(DataOrder, GoesOnFromAPositionAsIfItHadNeverStopped) {
  Rng rng({.seed = 2, .stream = stream_id("data order test")});
  for (int round = 0; round < 50; ++round) {
    const auto rows = static_cast<std::int64_t>(1 + rng.below(40));
    DataOrder original(rows, 9);
    original.next(static_cast<std::int64_t>(rng.below(150)));
    DataOrder resumed(rows, 9);
    resumed.next(static_cast<std::int64_t>(rng.below(20)));  // it may have gone elsewhere before
    resumed.seek(original.position());
    EXPECT_EQ(resumed.position(), original.position());
    EXPECT_EQ(resumed.next(100), original.next(100));
  }
}

TEST(DataOrder, DependsOnTheSeed) {
  EXPECT_NE(DataOrder(100, 1).next(100), DataOrder(100, 2).next(100));
  EXPECT_EQ(DataOrder(100, 1).next(100), DataOrder(100, 1).next(100));
}

TEST(DataOrder, StaysAsItIsBetweenVersions) {
  EXPECT_EQ(DataOrder(10, 1).next(10), (Rows{4, 2, 1, 6, 8, 0, 7, 9, 5, 3}));
}

TEST(DataOrder, FillsABudgetOfTokensWithTheNextRows) {
  TokenizedRows data;
  Rng rng({.seed = 3, .stream = stream_id("data order test")});
  for (int r = 0; r < 50; ++r) {
    data.ids.resize(data.ids.size() + 2 + rng.below(30));
    data.offsets.push_back(static_cast<std::int64_t>(data.ids.size()));
    data.label_starts.push_back(1);
  }
  DataOrder by_row(50, 4);
  DataOrder by_tokens(50, 4);
  const std::int64_t max_tokens = 64;
  for (int batch = 0; batch < 40; ++batch) {
    const Rows rows = by_tokens.next_tokens(data, max_tokens);
    EXPECT_EQ(rows, by_row.next(static_cast<std::int64_t>(rows.size())));
    std::int64_t tokens = 0;
    for (const std::int64_t row : rows) tokens += data.length(row);
    EXPECT_LE(tokens, max_tokens);
    DataOrder peek(50, 4);
    peek.seek(by_tokens.position());
    EXPECT_GT(tokens + data.length(peek.next(1)[0]), max_tokens);
  }
  EXPECT_EQ(by_tokens.next_tokens(data, 1).size(), 1u);  // a row over the budget is a batch alone
}

TEST(MixedOrder, GivesEachGroupItsShareOfTheTokensAtEveryMoment) {
  const std::vector<double> weights = {0.6, 0.1, 0.3, 0};
  std::vector<std::int32_t> groups;
  std::vector<std::int64_t> costs;
  Rng rng({.seed = 5, .stream = stream_id("mixed order test")});
  for (int row = 0; row < 400; ++row) {
    groups.push_back(static_cast<std::int32_t>(row % 4));
    costs.push_back(1 + static_cast<std::int64_t>(rng.below(50)));
  }
  MixedOrder order(groups, costs, weights, 3);
  std::vector<double> tokens(weights.size());
  double total = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto row = static_cast<std::size_t>(order.next(1)[0]);
    tokens[static_cast<std::size_t>(groups[row])] += static_cast<double>(costs[row]);
    total += static_cast<double>(costs[row]);
    for (std::size_t group = 0; group < weights.size(); ++group)
      ASSERT_NEAR(tokens[group], weights[group] * total, 100) << "two of the longest rows";
  }
  EXPECT_EQ(tokens[3], 0);
}

TEST(MixedOrder, GoesThroughEachGroupBeforeItRepeatsARow) {
  const std::vector<std::int32_t> groups = {0, 0, 0, 1, 1};
  MixedOrder order(groups, std::vector<std::int64_t>(5, 1), std::vector<double>{1, 1}, 0);
  std::vector<int> times(5);
  for (const std::int64_t row : order.next(12)) ++times[static_cast<std::size_t>(row)];
  EXPECT_EQ(times, (std::vector<int>{2, 2, 2, 3, 3}));
}

TEST(MixedOrder, GoesOnFromAnyPosition) {
  const std::vector<std::int32_t> groups = {0, 1, 1, 0, 1, 2};
  const std::vector<std::int64_t> costs = {3, 1, 4, 1, 5, 9};
  const std::vector<double> weights = {2, 1, 3};
  MixedOrder whole(groups, costs, weights, 7);
  whole.next(37);
  MixedOrder resumed(groups, costs, weights, 7);
  resumed.next(3);
  resumed.seek(whole.position());
  EXPECT_EQ(resumed.next(50), whole.next(50));
  EXPECT_NE(MixedOrder(groups, costs, weights, 8).next(50), MixedOrder(groups, costs, weights, 7).next(50));
}

}  // namespace
}  // namespace pegbox::text
