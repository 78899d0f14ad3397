// VirtualRows: see virtual_rows.h.
#include "train/model/virtual_rows.h"

#include <ATen/ops/tensor.h>

namespace pegbox::train {

VirtualRows virtual_rows(const Batch& batch, std::int64_t count, std::optional<std::int64_t> unplaced) {
  VirtualRows rows;
  std::vector<std::int64_t> positions, own, source;
  rows.offsets.push_back(0);
  for (std::size_t d = 0; d + 1 < batch.offsets.size(); ++d) {
    for (std::int64_t i = 0; i < count; ++i) {
      positions.push_back(unplaced.value_or(i));
      source.push_back(i);
    }
    for (std::int64_t row = batch.offsets[d]; row < batch.offsets[d + 1]; ++row) {
      own.push_back(static_cast<std::int64_t>(source.size()));
      positions.push_back(count + row - batch.offsets[d]);
      source.push_back(count + row);
    }
    rows.offsets.push_back(static_cast<std::int64_t>(source.size()));
  }
  rows.positions = at::tensor(positions, at::kLong);
  rows.own = at::tensor(own, at::kLong);
  rows.source = at::tensor(source, at::kLong);
  return rows;
}

}  // namespace pegbox::train
