// DropoutSource: dropout whose masks are functions of a document's key and of the place in the model. They can be drawn
// again after a pause and in the backward pass instead of being kept, and do not depend on what a document is packed
// with.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "train/kernels/row_kernels.h"
#include "train/tensor.h"

namespace pegbox::train {

/// Keys of the documents of a batch, and where their rows are among those of a tensor.
struct MaskedDocuments {
  std::vector<std::uint64_t> keys;                 // [D]
  std::vector<std::vector<std::int64_t>> offsets;  // each [D + 1]; the number of rows tells which one holds
};

/// One dropout of one forward pass: a mask for each document.
struct DropoutMask {
  std::shared_ptr<const MaskedDocuments> documents;
  std::uint64_t site = 0;
  float probability = 0;

  const std::vector<std::int64_t>& offsets(std::int64_t rows) const;  ///< of a tensor of so many rows
  kernels::DropoutMask of(std::size_t document) const;
};

/// Gives each dropout of one forward pass its own masks, in the order of the calls. Without documents, as when nothing
/// is trained: none.
class DropoutSource {
 public:
  DropoutSource() = default;
  /// Document d has rows [offsets[d], offsets[d + 1]).
  DropoutSource(std::vector<std::uint64_t> keys, std::vector<std::int64_t> offsets)
      : documents_(std::make_shared<MaskedDocuments>(MaskedDocuments{std::move(keys), {std::move(offsets)}})) {}

  /// Another way in which the documents' rows lie, as long as their number differs from that of all others. Before the
  /// first mask.
  void also_at(std::vector<std::int64_t> offsets);

  /// The next mask; probability 0 if there are no documents.
  DropoutMask next(double probability);

 private:
  std::shared_ptr<MaskedDocuments> documents_;
  std::uint64_t site_ = 0;
};

/// x, contiguous, [T] or [T, C], with the mask applied, outside autograd; x itself if the probability is 0.
Tensor masked(const Tensor& x, const DropoutMask& mask);

/// The same with a gradient, of any x [T] or [T, C].
Tensor dropout(const Tensor& x, const DropoutMask& mask);

}  // namespace pegbox::train
