// loss: cross-entropy over label tokens, without ever holding the logits of all of them.
#pragma once

#include <cstdint>

#include "train/kernels/row_kernels.h"
#include "train/tensor.h"

namespace pegbox::train {

/// The sum of -log softmax(hidden · headᵀ)[label] over the rows, times `factor`, as a double scalar tensor.
/// hidden [L, C], head [V, C], labels [L] int64. The gradients of hidden and, where it is trainable, of head are
/// computed in the forward pass, chunk by chunk: memory for logits does not grow with L. `terms` are added to each
/// row's loss. Where `logit_cap` is above 0, a logit x is logit_cap tanh(x / logit_cap). `row_weights` [L] are factors
/// of the rows' losses; undefined: all 1.
Tensor label_loss(const Tensor& hidden, const Tensor& head, const Tensor& labels, double factor,
                  kernels::LossTerms terms = {}, double logit_cap = 0, const Tensor& row_weights = {});

/// The same sum without gradients and further terms, in nats.
double label_loss_value(const Tensor& hidden, const Tensor& head, const Tensor& labels, double logit_cap = 0);

/// How many of `rows` have their logits at once.
std::int64_t loss_chunk_rows(std::int64_t rows, std::int64_t vocabulary);

}  // namespace pegbox::train
