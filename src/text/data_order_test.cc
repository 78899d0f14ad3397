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

}  // namespace
}  // namespace pegbox::text
