// MeanLoss: the mean loss of label tokens that come in documents, and how sure it is.
#pragma once

#include <cstdint>
#include <span>

namespace pegbox::train {

struct MeanLoss {
  double loss = 0;   ///< nats for each label token; NaN without labels
  double error = 0;  ///< standard error, documents being the sample; infinite where fewer than two have labels
  std::int64_t labels = 0;
};

/// Of the sums of losses and the numbers of labels of documents, as a ratio of sums (Cochran 1977, Sampling Techniques,
/// 6.13). Documents without labels are not part of the sample.
MeanLoss mean_loss_of(std::span<const double> losses, std::span<const double> labels);

}  // namespace pegbox::train
