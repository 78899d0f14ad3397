// Batch: a packed batch of documents as tensors, ready for the decoder.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "text/packing.h"
#include "train/tensor.h"

namespace pegbox::train {

struct Batch {
  Tensor ids;                               // [T] int64
  Tensor positions;                         // [T] int64, from 0 in each document
  std::vector<std::int64_t> offsets;        // [D + 1]
  Tensor label_rows;                        // [L] int64: rows whose next token is a label
  Tensor labels;                            // [L] int64
  std::vector<std::int64_t> label_offsets;  // [D + 1]: where each document's labels lie among them

  std::int64_t tokens() const { return offsets.empty() ? 0 : offsets.back(); }
  std::int64_t label_tokens() const { return labels.defined() ? labels.size(0) : 0; }
};

Batch to_batch(const text::PackedBatch& packed);

/// InvalidInput, naming a token, if an embedding of `vocabulary` rows has none for some of `ids`.
Result<void> check_tokens(std::span<const text::TokenId> ids, std::int64_t vocabulary);

}  // namespace pegbox::train
