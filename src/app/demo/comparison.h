// Comparison: two models' losses on the same documents, and how sure the difference is.
#pragma once

#include <cstdint>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "math/statistics.h"

namespace pegbox {

/// The loss of one document: mean negative log-likelihood over its label tokens, in nats.
struct DocumentLoss {
  double loss = 0;
  double label_tokens = 0;
};

/// Reads what `pegbox-trainer evaluate` wrote with `per_row`. Documents without a label are left out of both by
/// `compare`.
Result<std::vector<DocumentLoss>> read_document_losses(const Path& path);

struct Comparison {
  double loss = 0, other_loss = 0;  ///< over all label tokens
  double gain = 0;                  ///< other_loss - loss
  math::Interval interval;          ///< of the gain, 95 %: documents resampled in pairs (BCa bootstrap)
  std::int64_t documents = 0;
};

/// `ours` against `others` on the same documents. InvalidInput if these differ, or are fewer than two.
Result<Comparison> compare(const std::vector<DocumentLoss>& ours, const std::vector<DocumentLoss>& others,
                           std::uint64_t seed);

}  // namespace pegbox
