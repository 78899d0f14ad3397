// VirtualRows: where the rows of a packed batch go when every document begins with the same trained rows.
#pragma once

#include <ATen/ops/cat.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "train/batch.h"
#include "train/tensor.h"

namespace pegbox::train {

struct VirtualRows {
  std::vector<std::int64_t> offsets;  ///< [D + 1], of the documents with their virtual rows
  Tensor positions;                   ///< [T + D N] int64
  Tensor own;                         ///< [T] int64: where the batch's own rows are
  Tensor source;                      ///< [T + D N] int64: row of [virtual rows; the batch's own rows]

  /// `rows` [T, W] with `first` [N, W] before each document -> [T + D N, W].
  Tensor behind(const Tensor& first, const Tensor& rows) const {
    return at::cat({first, rows}).index_select(0, source);
  }
};

/// `count` rows before each document. The document's own tokens have the positions from `count` on; the virtual ones
/// those from 0 on, or all position `unplaced`.
VirtualRows virtual_rows(const Batch& batch, std::int64_t count, std::optional<std::int64_t> unplaced = std::nullopt);

}  // namespace pegbox::train
