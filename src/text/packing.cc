// Packing rows into batches.
#include "text/packing.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace pegbox::text {
namespace {

void append_document(PackedBatch& batch, const TokenizedRows& data, std::int64_t number) {
  const std::span<const TokenId> row = data.row(number);
  const auto length = static_cast<std::int64_t>(row.size());
  for (std::int64_t i = 0; i < length; ++i) {
    batch.ids.push_back(row[i]);
    batch.positions.push_back(i);
    const bool has_label = i + 1 < length && data.is_label(number, i + 1);
    batch.labels.push_back(has_label ? row[i + 1] : kNoLabel);
  }
  batch.offsets.push_back(batch.tokens());
  batch.label_tokens += data.label_tokens(number);
  batch.label_offsets.push_back(batch.label_tokens);
  batch.longest = std::max(batch.longest, length);
}

}  // namespace

PackedBatch pack(const TokenizedRows& data, std::span<const std::int64_t> rows) {
  const std::int64_t tokens =
      std::accumulate(rows.begin(), rows.end(), std::int64_t{0},
                      [&](std::int64_t sum, std::int64_t row) { return sum + data.length(row); });
  PackedBatch batch;
  batch.ids.reserve(tokens);
  batch.positions.reserve(tokens);
  batch.labels.reserve(tokens);
  batch.offsets.reserve(rows.size() + 1);
  batch.offsets.push_back(0);
  batch.label_offsets.push_back(0);
  for (const std::int64_t row : rows) {
    assert(row >= 0 && row < data.size());
    append_document(batch, data, row);
  }
  return batch;
}

void append(PackedBatch& batch, const PackedBatch& more) {
  const std::int64_t before = batch.tokens();
  batch.ids.insert(batch.ids.end(), more.ids.begin(), more.ids.end());
  batch.positions.insert(batch.positions.end(), more.positions.begin(), more.positions.end());
  batch.labels.insert(batch.labels.end(), more.labels.begin(), more.labels.end());
  if (batch.offsets.empty()) batch.offsets = batch.label_offsets = {0};
  for (std::size_t d = 1; d < more.offsets.size(); ++d) {
    batch.offsets.push_back(before + more.offsets[d]);
    batch.label_offsets.push_back(batch.label_tokens + more.label_offsets[d]);
  }
  batch.label_tokens += more.label_tokens;
  batch.longest = std::max(batch.longest, more.longest);
}

std::vector<std::vector<std::int64_t>> micro_batches(const TokenizedRows& data, std::span<const std::int64_t> rows,
                                                     std::int64_t max_tokens) {
  std::vector<std::vector<std::int64_t>> batches;
  std::int64_t tokens = 0;
  for (const std::int64_t row : rows) {
    const std::int64_t length = data.length(row);
    if (batches.empty() || tokens + length > max_tokens) {
      batches.emplace_back();
      tokens = 0;
    }
    batches.back().push_back(row);
    tokens += length;
  }
  return batches;
}

std::vector<std::vector<std::int64_t>> all_batches(const TokenizedRows& data, std::int64_t max_tokens) {
  std::vector<std::int64_t> rows(data.size());
  std::iota(rows.begin(), rows.end(), 0);
  return micro_batches(data, rows, max_tokens);
}

}  // namespace pegbox::text
