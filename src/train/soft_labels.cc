// SoftLabels: see soft_labels.h.
#include "train/soft_labels.h"

#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/topk.h>

#include <algorithm>

namespace pegbox::train {

namespace {

constexpr double kLeastLogarithm = -25;  // a probability of 1e-11: less is nothing, but for a reverse divergence

}  // namespace

std::int64_t SoftLabelForm::bytes_per_label() const {
  constexpr std::int64_t kHalfBytes = 2, kTokenBytes = 4, kRestBytes = 4;
  if (top == 0 || top >= vocabulary) return kHalfBytes * vocabulary + kRestBytes;
  return (kHalfBytes + kTokenBytes) * top + kRestBytes;
}

std::int64_t SoftLabels::bytes() const {
  return static_cast<std::int64_t>(logarithms.nbytes() + rest.nbytes() + (tokens.defined() ? tokens.nbytes() : 0));
}

SoftLabels soft_labels(Tensor logits, const SoftLabelForm& form) {
  const std::int64_t known = std::min(logits.size(1), form.vocabulary);
  if (form.temperature != 1) logits.div_(form.temperature);
  const Tensor logarithms = at::log_softmax(logits.narrow(1, 0, known), -1);
  if (form.top == 0 || form.top >= known)
    return {.logarithms = logarithms.to(at::kHalf).contiguous(),
            .tokens = {},
            .rest = at::full({logits.size(0)}, kLeastLogarithm, at::kFloat)};
  const auto [values, places] = at::topk(logarithms, form.top, -1);
  // Summed without the others, whose sum may be all but 1.
  const Tensor rest = logarithms.exp().scatter_(1, places, 0).sum(-1).log_().clamp_min_(kLeastLogarithm);
  return {.logarithms = values.to(at::kHalf), .tokens = places.to(at::kInt), .rest = rest};
}

}  // namespace pegbox::train
