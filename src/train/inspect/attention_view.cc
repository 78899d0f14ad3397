// AttentionView: see attention_view.h.
#include "train/inspect/attention_view.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/diagonal.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/log.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/special_entr.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace pegbox::train {

namespace {

constexpr std::int64_t kMostShares = 1 << 22;  // at once: 16 MiB

Tensor from(std::int64_t first, std::int64_t count) { return at::arange(first, first + count, at::kFloat); }

/// The mean distance back to the keys [..., rows] of queries from `first` on.
Tensor distances(const Tensor& shares, std::int64_t first) {
  return from(first, shares.size(-2)) - at::matmul(shares, from(0, shares.size(-1)));
}

}  // namespace

void for_each_share(const Tensor& turned, const AttentionPlan& plan, const SeeShares& see) {
  const kernels::AttentionShape& shape = plan.shape;
  const std::int64_t queries = shape.heads * shape.head_width;
  for (std::size_t d = 0; d + 1 < plan.offsets.size(); ++d) {
    const std::int64_t begin = plan.offsets[d], length = plan.offsets[d + 1] - begin;
    const std::int64_t step =
        std::max<std::int64_t>(1, kMostShares / (shape.heads * std::max<std::int64_t>(1, length)));
    for (std::int64_t first = 0; first < length; first += step) {
      const std::int64_t rows = std::min(step, length - first);
      see(d, first,
          attention_shares(turned.narrow(0, begin + first, rows).narrow(1, 0, queries),
                           turned.narrow(0, begin, first + rows).narrow(1, queries, shape.kv_heads * shape.head_width),
                           shape));
    }
  }
}

void AttentionView::add(const Tensor& all, std::int64_t first, std::int64_t window) {
  const std::int64_t alone = first == 0 ? 1 : 0;  // the first token sees nothing but itself
  const std::int64_t rows = all.size(1) - alone;
  if (rows == 0) return;
  const Tensor shares = all.narrow(1, alone, rows);
  first += alone;
  Tensor seen = from(first + 1, rows);
  if (window > 0) seen = seen.clamp_max(window);
  const Tensor entropy = at::special_entr(shares).sum(-1);  // [H, rows]
  const Tensor sums =
      at::stack({entropy.sum(1, false, at::kDouble), (entropy / at::log(seen.clamp_min(2))).sum(1, false, at::kDouble),
                 distances(shares, first).sum(1, false, at::kDouble), shares.select(2, 0).sum(1, false, at::kDouble),
                 at::diagonal(shares, first - 1, 1, 2).sum(1, false, at::kDouble)});
  sums_ = sums_.defined() ? sums_ + sums : sums;
  queries_ += rows;
}

void AttentionView::add(const AttentionView& other) {
  if (!other.sums_.defined()) return;
  sums_ = sums_.defined() ? sums_ + other.sums_ : other.sums_;
  queries_ += other.queries_;
}

std::vector<HeadPattern> AttentionView::heads() const {
  if (!sums_.defined()) return {};
  const Tensor means = (sums_ / static_cast<double>(queries_)).contiguous();
  const double* const mean = means.const_data_ptr<double>();
  const auto count = static_cast<std::size_t>(means.size(1));
  std::vector<HeadPattern> heads;
  for (std::size_t head = 0; head < count; ++head)
    heads.push_back({.entropy = mean[head],
                     .relative_entropy = mean[count + head],
                     .distance = mean[2 * count + head],
                     .first_share = mean[3 * count + head],
                     .previous_share = mean[4 * count + head]});
  return heads;
}

void RolloutView::add(std::size_t document, std::int64_t first, const Tensor& shares) {
  if (document >= next_.size()) next_.resize(document + 1);
  if (document >= relevance_.size()) relevance_.resize(document + 1);
  const std::int64_t rows = shares.size(1), keys = shares.size(2);
  Tensor mixed = shares.mean(0);  // [rows, keys]
  const Tensor& before = relevance_[document];
  const Tensor own =
      before.defined() ? before.narrow(0, first, rows) : at::eye(keys, shares.options()).narrow(0, first, rows);
  if (before.defined()) mixed = at::matmul(mixed, before.narrow(0, 0, keys));
  if (mixed.size(1) < own.size(1))
    mixed = at::cat({mixed, at::zeros({rows, own.size(1) - mixed.size(1)}, mixed.options())}, 1);
  next_[document].push_back(0.5 * mixed + 0.5 * own);
}

void RolloutView::end_layer() {
  Sums sums;
  for (std::size_t d = 0; d < next_.size(); ++d) {
    std::int64_t length = 0;
    for (const Tensor& rows : next_[d]) length = std::max(length, rows.size(1));
    for (Tensor& rows : next_[d])
      if (rows.size(1) < length)
        rows = at::cat({rows, at::zeros({rows.size(0), length - rows.size(1)}, rows.options())}, 1);
    relevance_[d] = at::cat(next_[d]);
    next_[d].clear();
    if (length < 2) continue;
    const Tensor others = relevance_[d].narrow(0, 1, length - 1);
    sums.first += others.select(1, 0).sum(at::kDouble).item<double>();
    sums.distance += distances(others, 1).sum(at::kDouble).item<double>();
    sums.queries += length - 1;
  }
  layers_.push_back(sums);
}

Tensor induction_sums(const Tensor& shares, std::int64_t first, std::int64_t period) {
  const std::int64_t start = std::max(first, period), rows = first + shares.size(1) - start;
  if (rows <= 0) return at::zeros({shares.size(0)}, at::kDouble);
  return at::diagonal(shares.narrow(1, start - first, rows), start - period + 1, 1, 2).sum(1, false, at::kDouble);
}

}  // namespace pegbox::train
