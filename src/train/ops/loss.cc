// loss: see loss.h.
#include "train/ops/loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <optional>

namespace pegbox::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kChunkElements = 1 << 19;  // 2 MiB of logits: they stay in a core's cache
constexpr std::int64_t kLeastChunkRows = 32;      // below that the matrix products lose their speed

struct LossParts {
  double loss = 0;
  Tensor dhidden, dhead;  // undefined where not asked for
};

/// What a loss is of, besides its rows.
struct LossKind {
  kernels::LossTerms terms;
  double logit_cap = 0;
  Tensor row_weights;  ///< [L]; undefined: all 1
};

/// Cross-entropy of a chunk of rows from row `first` on, as the kernel's, and with the rows' weights.
double chunk_loss(Tensor& logits, const std::int64_t* labels, float factor, const LossKind& kind, std::int64_t first) {
  const std::int64_t count = logits.size(0), columns = logits.size(1);
  float* const values = logits.mutable_data_ptr<float>();
  if (!kind.row_weights.defined())
    return kernels::cross_entropy({0, count, columns}, values, labels, factor, kind.terms);
  const float* const weights = kind.row_weights.const_data_ptr<float>() + first;
  double loss = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const float weight = weights[i];
    float* const row = values + i * columns;
    const double unweighted = kernels::cross_entropy({0, 1, columns}, row, labels + i, factor * weight, kind.terms);
    if (factor * weight == 0) std::fill_n(row, columns, 0.0f);  // no gradient
    loss += weight * unweighted;
  }
  return loss;
}

LossParts loss_parts(const Tensor& hidden, const Tensor& head, const Tensor& labels, float factor, LossKind kind,
                     bool want_hidden, bool want_head) {
  const std::int64_t rows = hidden.size(0), vocabulary = head.size(0);
  const std::int64_t chunk = loss_chunk_rows(rows, vocabulary);
  LossParts parts;
  if (want_hidden) parts.dhidden = at::empty_like(hidden);
  if (want_head) parts.dhead = at::zeros_like(head);
  Tensor buffer = at::empty({chunk, vocabulary}, hidden.options());
  const std::int64_t* const label = labels.const_data_ptr<std::int64_t>();
  for (std::int64_t first = 0; first < rows; first += chunk) {
    const std::int64_t count = std::min(chunk, rows - first);
    const Tensor in = hidden.narrow(0, first, count);
    Tensor logits = buffer.narrow(0, 0, count);
    at::mm_out(logits, in, head.t());
    Tensor capped;  // tanh(x / cap)
    if (kind.logit_cap > 0) {
      capped = logits.div_(kind.logit_cap).tanh_().clone();
      logits.mul_(kind.logit_cap);
    }
    parts.loss += chunk_loss(logits, label + first, want_hidden || want_head ? factor : 0.0f, kind, first);
    if (capped.defined()) logits.mul_(1 - capped.square_());
    if (want_hidden) {
      Tensor out = parts.dhidden.narrow(0, first, count);
      at::mm_out(out, logits, head);
    }
    if (want_head) parts.dhead.addmm_(logits.t(), in);
  }
  return parts;
}

struct LabelLoss : torch::autograd::Function<LabelLoss> {
  static Tensor forward(AutogradContext* context, const Tensor& hidden, const Tensor& head, const Tensor& labels,
                        double factor, double smoothing, double z_loss, double logit_cap,
                        const std::optional<Tensor>& row_weights) {
    const LossKind kind{
        {static_cast<float>(smoothing), static_cast<float>(z_loss)}, logit_cap, row_weights.value_or(Tensor())};
    const LossParts parts = loss_parts(hidden, head, labels, static_cast<float>(factor), kind, hidden.requires_grad(),
                                       head.requires_grad());
    context->save_for_backward({parts.dhidden, parts.dhead});
    return at::scalar_tensor(parts.loss * factor, hidden.options().dtype(at::kDouble));
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const double outer = gradients[0].item<double>();
    const auto scaled = [&](const Tensor& gradient) {
      return !gradient.defined() || outer == 1.0 ? gradient : gradient.mul(outer);
    };
    return {scaled(saved[0]), scaled(saved[1]), Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor label_loss(const Tensor& hidden, const Tensor& head, const Tensor& labels, double factor,
                  kernels::LossTerms terms, double logit_cap, const Tensor& row_weights) {
  return LabelLoss::apply(hidden.contiguous(), head, labels, factor, static_cast<double>(terms.smoothing),
                          static_cast<double>(terms.z_loss), logit_cap,
                          row_weights.defined() ? std::optional(row_weights) : std::nullopt);
}

std::int64_t loss_chunk_rows(std::int64_t rows, std::int64_t vocabulary) {
  return std::min(rows, std::max(kLeastChunkRows, kChunkElements / vocabulary));
}

double label_loss_value(const Tensor& hidden, const Tensor& head, const Tensor& labels, double logit_cap) {
  return loss_parts(hidden.contiguous(), head, labels, 0, {.logit_cap = logit_cap}, false, false).loss;
}

}  // namespace pegbox::train
