// SoftLabels: a teacher's distributions over the tokens at a row's labels, kept small: the logarithms of the likeliest
// tokens' probabilities in 16 bits, and the probability of all others together.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "train/tensor.h"

namespace pegbox::train {

/// How much of a teacher is kept, and at which temperature.
struct SoftLabelForm {
  double temperature = 1;       ///< that its logits are divided by
  std::int64_t top = 0;         ///< its likeliest tokens; 0: all
  std::int64_t vocabulary = 0;  ///< tokens of the student; those of the teacher beyond are left out
  auto operator<=>(const SoftLabelForm&) const = default;

  std::int64_t bytes_per_label() const;
};

/// Of one row, in the order of its labels. K tokens are kept.
struct SoftLabels {
  Tensor logarithms;  // [L, K] fp16, nats
  Tensor tokens;      // [L, K] int32; undefined: 0, 1, ..., K - 1
  Tensor rest;        // [L] fp32: logarithm of the probability of all other tokens

  std::int64_t count() const { return logarithms.size(1); }
  std::int64_t bytes() const;
};

/// Of a teacher's logits [L, V], which become something else. A teacher without the student's last tokens (rows of an
/// embedding that its tokenizer has no token for) gives them the least probability that there is.
SoftLabels soft_labels(Tensor logits, const SoftLabelForm& form);

/// Which labels of a row.
struct SoftLabelRun {
  std::shared_ptr<const SoftLabels> of;
  std::int64_t first = 0, count = 0;
};

/// Label rows as runs of rows' labels, one after another.
using SoftLabelRows = std::vector<SoftLabelRun>;

}  // namespace pegbox::train
