// loss: cross-entropy over label tokens, and a teacher's distributions over them, without ever holding the logits of
// all of them.
#pragma once

#include <cstdint>

#include "train/kernels/divergence.h"
#include "train/kernels/row_kernels.h"
#include "train/soft_labels.h"
#include "train/tensor.h"

namespace pegbox::train {

/// What a teacher adds to the rows' losses: weight temperature² times the divergence from it, so that its gradients are
/// of one size at all temperatures (Hinton et al. 2015, arXiv 1503.02531).
struct TeacherTerm {
  SoftLabelRows rows;  ///< [L]; empty: no teacher
  double weight = 0;
  kernels::DivergenceKind kind{};
};

/// What the loss of a row is, besides the row.
struct LossKind {
  kernels::LossTerms terms{};
  double logit_cap = 0;  ///< above 0: a logit x is logit_cap tanh(x / logit_cap)
  Tensor row_weights{};  ///< [L], factors of the rows' losses; undefined: all 1
  TeacherTerm teacher{};
};

/// The sum of -log softmax(hidden · headᵀ)[label] over the rows, times `factor`, as a double scalar tensor.
/// hidden [L, C], head [V, C], labels [L] int64. The gradients of hidden and, where it is trainable, of head are
/// computed in the forward pass, chunk by chunk: memory for logits does not grow with L. `kind.terms` and the teacher's
/// are added to each row's loss.
Tensor label_loss(const Tensor& hidden, const Tensor& head, const Tensor& labels, double factor,
                  const LossKind& kind = {});

/// The same sum without gradients and further terms, in nats.
double label_loss_value(const Tensor& hidden, const Tensor& head, const Tensor& labels, double logit_cap = 0);

/// How many of `rows` have their logits at once.
std::int64_t loss_chunk_rows(std::int64_t rows, std::int64_t vocabulary);

/// Numbers that a teacher's term holds beside the logits, of a teacher with so many likeliest tokens.
std::int64_t teacher_scratch(std::int64_t vocabulary, std::int64_t tokens);

}  // namespace pegbox::train
