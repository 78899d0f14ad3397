// Packing: documents one after another without padding, each with its own positions, and labels that never cross.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "text/tokenized.h"

namespace pegbox::text {

inline constexpr std::int64_t kNoLabel = -100;  ///< PyTorch's ignore_index

/// A batch as the decoder reads it: N tokens of D documents. 64-bit throughout, as PyTorch indexes.
struct PackedBatch {
  std::vector<std::int64_t> ids;            // [N]
  std::vector<std::int64_t> positions;      // [N] from 0 in each document
  std::vector<std::int64_t> labels;         // [N] the next token of the same document, or kNoLabel
  std::vector<std::int64_t> offsets;        // [D + 1] document d is [offsets[d], offsets[d + 1]); known as cu_seqlens
  std::vector<std::int64_t> label_offsets;  // [D + 1] likewise, among the labels that are not kNoLabel
  std::int64_t label_tokens = 0;            ///< number of labels that are not kNoLabel
  std::int64_t longest = 0;                 ///< tokens of the longest document

  std::int64_t tokens() const { return static_cast<std::int64_t>(ids.size()); }
  std::int64_t documents() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
};

/// Tokens [begin, end) of a row, as a document.
struct RowPart {
  std::int64_t row = 0, begin = 0, end = 0;
};

inline constexpr std::int64_t kWhole = 0;  ///< a `most` that cuts nothing

/// A row as documents of at most `most` tokens (at least 2), of which those without a label are left out: nobody sees
/// what stood before its document, and the first token of each is no label.
std::vector<RowPart> cut_row(const TokenizedRows& data, std::int64_t row, std::int64_t most);

/// Labels of the whole row that stand before the first one that the part may have.
std::int64_t labels_before(const TokenizedRows& data, const RowPart& part);

/// Labels that a row has when it is cut so.
std::int64_t label_tokens(const TokenizedRows& data, std::int64_t row, std::int64_t most);

/// Documents one after another, in this order, repetitions allowed; or the rows named by `rows` (indices).
PackedBatch pack(const TokenizedRows& data, std::span<const RowPart> parts);
PackedBatch pack(const TokenizedRows& data, std::span<const std::int64_t> rows);

/// Adds the documents of `more` behind those of `batch`.
void append(PackedBatch& batch, const PackedBatch& more);

/// Cuts `rows` into runs of at most `max_tokens` tokens each, in order; a row longer than that is a run alone. Used for
/// the micro-batches of an effective batch and for an evaluation.
std::vector<std::vector<std::int64_t>> micro_batches(const TokenizedRows& data, std::span<const std::int64_t> rows,
                                                     std::int64_t max_tokens);

/// All of `data`, in order, in packed batches of at most `max_tokens`: what an evaluation goes through.
std::vector<std::vector<std::int64_t>> all_batches(const TokenizedRows& data, std::int64_t max_tokens);

}  // namespace pegbox::text
