// Tests of packing by properties over random rows.
#include "text/packing.h"

#include <gtest/gtest.h>

#include <numeric>

#include "base/rng.h"

namespace pegbox::text {
namespace {

/// Rows of random lengths, ids and label starts, as tokenize_rows makes them.
TokenizedRows random_rows(Rng& rng, std::int64_t count) {
  TokenizedRows data;
  for (std::int64_t r = 0; r < count; ++r) {
    const auto length = static_cast<std::int64_t>(2 + rng.below(20));
    for (std::int64_t i = 0; i < length; ++i) data.ids.push_back(static_cast<TokenId>(rng.below(1000)));
    data.offsets.push_back(static_cast<std::int64_t>(data.ids.size()));
    data.label_starts.push_back(static_cast<std::int64_t>(1 + rng.below(length - 1)));
  }
  return data;
}

TEST(Packing, KeepsEachDocumentsTokensPositionsAndLabelsToItself) {
  Rng rng({.seed = 1, .stream = stream_id("packing test")});
  for (int round = 0; round < 200; ++round) {
    const TokenizedRows data = random_rows(rng, 1 + static_cast<std::int64_t>(rng.below(12)));
    std::vector<std::int64_t> rows;
    for (std::uint64_t i = rng.below(10); i > 0; --i) rows.push_back(static_cast<std::int64_t>(rng.below(data.size())));
    const PackedBatch batch = pack(data, rows);
    ASSERT_EQ(batch.documents(), static_cast<std::int64_t>(rows.size()));
    ASSERT_EQ(batch.offsets.front(), 0);
    ASSERT_EQ(batch.offsets.back(), batch.tokens());  // no padding
    ASSERT_EQ(batch.positions.size(), batch.ids.size());
    ASSERT_EQ(batch.labels.size(), batch.ids.size());
    std::int64_t label_tokens = 0;
    std::int64_t longest = 0;
    for (std::size_t d = 0; d < rows.size(); ++d) {
      const auto row = data.row(rows[d]);
      const std::int64_t start = batch.offsets[d];
      ASSERT_EQ(batch.offsets[d + 1] - start, static_cast<std::int64_t>(row.size()));
      longest = std::max(longest, static_cast<std::int64_t>(row.size()));
      for (std::int64_t i = 0; i < static_cast<std::int64_t>(row.size()); ++i) {
        EXPECT_EQ(batch.ids[start + i], row[i]);
        EXPECT_EQ(batch.positions[start + i], i);
        const bool is_last = i + 1 == static_cast<std::int64_t>(row.size());
        const bool is_label = !is_last && i + 1 >= data.label_starts[rows[d]];
        EXPECT_EQ(batch.labels[start + i], is_label ? row[i + 1] : kNoLabel);
        label_tokens += is_label;
      }
    }
    EXPECT_EQ(batch.label_tokens, label_tokens);
    EXPECT_EQ(batch.longest, longest);
  }
}

/// Rows cut as tokenize_rows would have cut them at a shorter length, but for pieces without a label.
TokenizedRows cut_rows(const TokenizedRows& data, std::int64_t most) {
  TokenizedRows cut;
  for (std::int64_t r = 0; r < data.size(); ++r)
    for (std::int64_t begin = 0; begin < data.length(r); begin += most) {
      const std::int64_t end = std::min(data.length(r), begin + most);
      const std::int64_t label_start = std::max<std::int64_t>(1, data.label_starts[r] - begin);
      if (label_start >= end - begin) continue;
      const auto row = data.row(r).subspan(begin, end - begin);
      cut.ids.insert(cut.ids.end(), row.begin(), row.end());
      cut.offsets.push_back(static_cast<std::int64_t>(cut.ids.size()));
      cut.label_starts.push_back(label_start);
    }
  return cut;
}

TEST(Packing, CutsLongRowsIntoDocumentsOfTheirOwn) {
  Rng rng({.seed = 4, .stream = stream_id("packing test")});
  for (int round = 0; round < 100; ++round) {
    const TokenizedRows data = random_rows(rng, 12);
    const auto most = static_cast<std::int64_t>(2 + rng.below(24));
    const TokenizedRows cut = cut_rows(data, most);
    std::vector<std::int64_t> rows(data.size()), pieces(cut.size());
    std::iota(rows.begin(), rows.end(), 0);
    std::iota(pieces.begin(), pieces.end(), 0);
    std::vector<RowPart> parts;
    for (const std::int64_t row : rows)
      for (const RowPart& part : cut_row(data, row, most)) parts.push_back(part);
    const PackedBatch ours = pack(data, parts), expected = pack(cut, pieces);
    EXPECT_EQ(ours.ids, expected.ids);
    EXPECT_EQ(ours.positions, expected.positions);
    EXPECT_EQ(ours.labels, expected.labels);
    EXPECT_EQ(ours.offsets, expected.offsets);
    EXPECT_EQ(ours.label_tokens, expected.label_tokens);
    EXPECT_EQ(ours.longest, expected.longest);
    std::int64_t labels = 0;
    for (const std::int64_t row : rows) labels += label_tokens(data, row, most);
    EXPECT_EQ(labels, ours.label_tokens);
  }
}

TEST(Packing, CutsABatchIntoMicroBatchesWithoutLossOrReordering) {
  Rng rng({.seed = 2, .stream = stream_id("packing test")});
  for (int round = 0; round < 200; ++round) {
    const TokenizedRows data = random_rows(rng, 1 + static_cast<std::int64_t>(rng.below(30)));
    const auto max_tokens = static_cast<std::int64_t>(1 + rng.below(60));
    std::vector<std::int64_t> joined;
    std::int64_t tokens_before = 0;
    for (const auto& batch : all_batches(data, max_tokens)) {
      ASSERT_FALSE(batch.empty());
      const std::int64_t tokens = pack(data, batch).tokens();
      EXPECT_TRUE(tokens <= max_tokens || batch.size() == 1);
      if (!joined.empty()) {
        EXPECT_GT(tokens_before + data.length(batch.front()), max_tokens);  // it would not have fitted
      }
      tokens_before = tokens;
      joined.insert(joined.end(), batch.begin(), batch.end());
    }
    std::vector<std::int64_t> expected(data.size());
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(joined, expected);
  }
}

TEST(Packing, MicroBatchesHaveTheLabelsOfTheBatch) {
  Rng rng({.seed = 3, .stream = stream_id("packing test")});
  const TokenizedRows data = random_rows(rng, 40);
  const std::vector<std::int64_t> rows = {5, 3, 3, 39, 0, 17, 22};
  std::vector<std::int64_t> labels;
  std::int64_t label_tokens = 0;
  for (const auto& micro : micro_batches(data, rows, 25)) {
    const PackedBatch batch = pack(data, micro);
    labels.insert(labels.end(), batch.labels.begin(), batch.labels.end());
    label_tokens += batch.label_tokens;
  }
  EXPECT_EQ(labels, pack(data, rows).labels);
  EXPECT_EQ(label_tokens, pack(data, rows).label_tokens);
  EXPECT_TRUE(micro_batches(data, {}, 25).empty());
}

}  // namespace
}  // namespace pegbox::text
