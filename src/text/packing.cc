// Packing rows into batches.
#include "text/packing.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace pegbox::text {
namespace {

/// Tokens [begin, end) of a row.
struct Piece {
  std::int64_t row, begin, end;
};

std::int64_t labels_of(const TokenizedRows& data, const Piece& piece) {
  if (piece.begin == 0 && piece.end == data.length(piece.row)) return data.label_tokens(piece.row);
  std::int64_t labels = 0;
  for (std::int64_t i = piece.begin + 1; i < piece.end; ++i)
    if (data.is_label(piece.row, i)) ++labels;
  return labels;
}

/// Calls `function` with each piece of at most `most` tokens.
template <class Function>
void for_each_piece(const TokenizedRows& data, std::int64_t row, std::int64_t most, Function&& function) {
  const std::int64_t length = data.length(row), step = most == kWhole ? length : most;
  for (std::int64_t begin = 0; begin < length; begin += step)
    function(Piece{row, begin, std::min(length, begin + step)});
}

void append_document(PackedBatch& batch, const TokenizedRows& data, const Piece& piece) {
  const std::span<const TokenId> row = data.row(piece.row);
  for (std::int64_t i = piece.begin; i < piece.end; ++i) {
    batch.ids.push_back(row[i]);
    batch.positions.push_back(i - piece.begin);
    const bool has_label = i + 1 < piece.end && data.is_label(piece.row, i + 1);
    batch.labels.push_back(has_label ? row[i + 1] : kNoLabel);
  }
  batch.offsets.push_back(batch.tokens());
  batch.longest = std::max(batch.longest, piece.end - piece.begin);
}

}  // namespace

std::int64_t label_tokens(const TokenizedRows& data, std::int64_t row, std::int64_t most) {
  std::int64_t labels = 0;
  for_each_piece(data, row, most, [&](const Piece& piece) { labels += labels_of(data, piece); });
  return labels;
}

PackedBatch pack(const TokenizedRows& data, std::span<const std::int64_t> rows, std::int64_t most) {
  const std::int64_t tokens =
      std::accumulate(rows.begin(), rows.end(), std::int64_t{0},
                      [&](std::int64_t sum, std::int64_t row) { return sum + data.length(row); });
  PackedBatch batch;
  batch.ids.reserve(tokens);
  batch.positions.reserve(tokens);
  batch.labels.reserve(tokens);
  batch.offsets.reserve(rows.size() + 1);
  batch.offsets.push_back(0);
  for (const std::int64_t row : rows) {
    assert(row >= 0 && row < data.size());
    for_each_piece(data, row, most, [&](const Piece& piece) {
      const std::int64_t labels = labels_of(data, piece);
      if (most != kWhole && labels == 0) return;
      append_document(batch, data, piece);
      batch.label_tokens += labels;
    });
  }
  return batch;
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
