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
#include <iterator>
#include <span>

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

/// A walk through a teacher's rows, a label row at a time.
class TeacherRows {
 public:
  TeacherRows(const TeacherTerm& term, std::int64_t vocabulary) : term_(term) {
    std::int64_t most = 0;
    for (const SoftLabelRun& run : term.rows) most = std::max(most, run.of->count());
    if (!term.rows.empty()) scratch_ = at::empty({teacher_scratch(vocabulary, most)}, at::kFloat);
  }

  void keep(std::span<const float> logits) { std::ranges::copy(logits, scratch_.mutable_data_ptr<float>()); }

  /// The term of the next row, whose logits [V] were kept; adds its gradient times `factor`.
  double next(std::span<float> gradient, float factor) {
    const SoftLabelRun& run = term_.rows[run_];
    const std::int64_t place = run.first + within_, count = run.of->count();
    float* const logits = scratch_.mutable_data_ptr<float>();
    float *const logarithms = logits + gradient.size(), *const scratch = logarithms + count;
    std::copy_n(run.of->logarithms.const_data_ptr<c10::Half>() + place * count, count, logarithms);
    const kernels::SoftLabel label{
        .tokens = run.of->tokens.defined() ? run.of->tokens.const_data_ptr<std::int32_t>() + place * count : nullptr,
        .logarithms = logarithms,
        .count = count,
        .rest = run.of->rest.const_data_ptr<float>()[place]};
    if (++within_ == run.count) {
      ++run_;
      within_ = 0;
    }
    const double weight = term_.weight * term_.kind.temperature * term_.kind.temperature;
    return weight * kernels::divergence(std::ssize(gradient), logits, label, term_.kind,
                                        factor * static_cast<float>(weight), gradient.data(), scratch);
  }

 private:
  const TeacherTerm& term_;
  Tensor scratch_;
  std::size_t run_ = 0;
  std::int64_t within_ = 0;
};

/// The loss of rows that differ in kind: by weights, or by what a teacher says of each.
class RowLosses {
 public:
  RowLosses(const LossKind& kind, std::int64_t vocabulary) : kind_(kind), teacher_(kind.teacher, vocabulary) {}

  /// Of a chunk of rows from row `first` on; logits become gradients times `factor`.
  double chunk(Tensor& logits, const std::int64_t* labels, float factor, std::int64_t first) {
    const std::int64_t count = logits.size(0), columns = logits.size(1);
    float* const values = logits.mutable_data_ptr<float>();
    const bool has_weights = kind_.row_weights.defined(), has_teacher = !kind_.teacher.rows.empty();
    if (!has_weights && !has_teacher)
      return kernels::cross_entropy({0, count, columns}, values, labels, factor, kind_.terms);
    double loss = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      const float weight = has_weights ? kind_.row_weights.const_data_ptr<float>()[first + i] : 1.0f;
      const std::span<float> row(values + i * columns, static_cast<std::size_t>(columns));
      if (has_teacher) teacher_.keep(row);
      const double labelled =
          kernels::cross_entropy({0, 1, columns}, row.data(), labels + i, factor * weight, kind_.terms);
      if (factor * weight == 0) std::ranges::fill(row, 0.0f);  // no gradient
      loss += weight * (labelled + (has_teacher ? teacher_.next(row, factor * weight) : 0));
    }
    return loss;
  }

 private:
  const LossKind& kind_;
  TeacherRows teacher_;
};

LossParts loss_parts(const Tensor& hidden, const Tensor& head, const Tensor& labels, float factor, const LossKind& kind,
                     bool want_hidden, bool want_head) {
  const std::int64_t rows = hidden.size(0), vocabulary = head.size(0);
  const std::int64_t chunk = loss_chunk_rows(rows, vocabulary);
  LossParts parts;
  if (want_hidden) parts.dhidden = at::empty_like(hidden);
  if (want_head) parts.dhead = at::zeros_like(head);
  Tensor buffer = at::empty({chunk, vocabulary}, hidden.options());
  const std::int64_t* const label = labels.const_data_ptr<std::int64_t>();
  RowLosses losses(kind, vocabulary);
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
    parts.loss += losses.chunk(logits, label + first, want_hidden || want_head ? factor : 0.0f, first);
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
                        double factor, const LossKind* kind) {
    const LossParts parts = loss_parts(hidden, head, labels, static_cast<float>(factor), *kind, hidden.requires_grad(),
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
    return {scaled(saved[0]), scaled(saved[1]), Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor label_loss(const Tensor& hidden, const Tensor& head, const Tensor& labels, double factor, const LossKind& kind) {
  return LabelLoss::apply(hidden.contiguous(), head, labels, factor, &kind);
}

std::int64_t loss_chunk_rows(std::int64_t rows, std::int64_t vocabulary) {
  return std::min(rows, std::max(kLeastChunkRows, kChunkElements / vocabulary));
}

std::int64_t teacher_scratch(std::int64_t vocabulary, std::int64_t tokens) { return vocabulary + 3 * tokens; }

double label_loss_value(const Tensor& hidden, const Tensor& head, const Tensor& labels, double logit_cap) {
  return loss_parts(hidden.contiguous(), head, labels, 0, {.logit_cap = logit_cap}, false, false).loss;
}

}  // namespace pegbox::train
