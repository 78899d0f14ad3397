// Packing rows into batches.
#include "text/packing.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace pegbox::text {
namespace {

std::int64_t labels_of(const TokenizedRows& data, const RowPart& part) {
  if (part.begin == 0 && part.end == data.length(part.row)) return data.label_tokens(part.row);
  std::int64_t labels = 0;
  for (std::int64_t i = part.begin + 1; i < part.end; ++i)
    if (data.is_label(part.row, i)) ++labels;
  return labels;
}

RowPart whole_row(const TokenizedRows& data, std::int64_t row) { return {row, 0, data.length(row)}; }

void append_document(PackedBatch& batch, const TokenizedRows& data, const RowPart& part) {
  const std::span<const TokenId> row = data.row(part.row);
  for (std::int64_t i = part.begin; i < part.end; ++i) {
    batch.ids.push_back(row[i]);
    batch.positions.push_back(i - part.begin);
    const bool has_label = i + 1 < part.end && data.is_label(part.row, i + 1);
    batch.labels.push_back(has_label ? row[i + 1] : kNoLabel);
  }
  batch.offsets.push_back(batch.tokens());
  batch.label_tokens += labels_of(data, part);
  batch.label_offsets.push_back(batch.label_tokens);
  batch.longest = std::max(batch.longest, part.end - part.begin);
}

}  // namespace

std::vector<RowPart> cut_row(const TokenizedRows& data, std::int64_t row, std::int64_t most) {
  if (most == kWhole) return {whole_row(data, row)};
  std::vector<RowPart> parts;
  for (std::int64_t begin = 0; begin < data.length(row); begin += most) {
    const RowPart part{row, begin, std::min(data.length(row), begin + most)};
    if (labels_of(data, part) > 0) parts.push_back(part);
  }
  return parts;
}

std::int64_t labels_before(const TokenizedRows& data, const RowPart& part) {
  std::int64_t labels = 0;
  for (std::int64_t i = 0; i <= part.begin; ++i)
    if (data.is_label(part.row, i)) ++labels;
  return labels;
}

std::int64_t label_tokens(const TokenizedRows& data, std::int64_t row, std::int64_t most) {
  std::int64_t labels = 0;
  for (const RowPart& part : cut_row(data, row, most)) labels += labels_of(data, part);
  return labels;
}

PackedBatch pack(const TokenizedRows& data, std::span<const RowPart> parts) {
  std::int64_t tokens = 0;
  for (const RowPart& part : parts) tokens += part.end - part.begin;
  PackedBatch batch;
  batch.ids.reserve(tokens);
  batch.positions.reserve(tokens);
  batch.labels.reserve(tokens);
  batch.offsets.reserve(parts.size() + 1);
  batch.offsets.push_back(0);
  batch.label_offsets.push_back(0);
  for (const RowPart& part : parts) {
    assert(part.row >= 0 && part.row < data.size());
    append_document(batch, data, part);
  }
  return batch;
}

PackedBatch pack(const TokenizedRows& data, std::span<const std::int64_t> rows) {
  std::vector<RowPart> parts;
  parts.reserve(rows.size());
  for (const std::int64_t row : rows) parts.push_back(whole_row(data, row));
  return pack(data, parts);
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
