// Batch: see batch.h.
#include "train/batch.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace pegbox::train {

namespace {

Tensor tensor_of(const std::vector<std::int64_t>& values) {
  Tensor tensor = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
  std::memcpy(tensor.mutable_data_ptr(), values.data(), values.size() * sizeof(std::int64_t));
  return tensor;
}

}  // namespace

Batch to_batch(const text::PackedBatch& packed) {
  std::vector<std::int64_t> rows, labels;
  for (std::size_t i = 0; i < packed.labels.size(); ++i) {
    if (packed.labels[i] == text::kNoLabel) continue;
    rows.push_back(static_cast<std::int64_t>(i));
    labels.push_back(packed.labels[i]);
  }
  return {.ids = tensor_of(packed.ids),
          .positions = tensor_of(packed.positions),
          .offsets = packed.offsets,
          .label_rows = tensor_of(rows),
          .labels = tensor_of(labels),
          .label_offsets = packed.label_offsets};
}

Result<void> check_tokens(std::span<const text::TokenId> ids, std::int64_t vocabulary) {
  const auto largest = std::ranges::max_element(ids);
  if (largest == ids.end() || *largest < vocabulary) return {};
  return fail(ErrorKind::InvalidInput, {.where = "tokenizer",
                                        .what = "it has tokens that the model has no embedding for",
                                        .got = fmt::format("token {}", *largest),
                                        .expected = fmt::format("ids below {}", vocabulary),
                                        .hint = "tokenizer and model belong to different models"});
}

}  // namespace pegbox::train
