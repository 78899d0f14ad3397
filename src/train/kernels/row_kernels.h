// row_kernels: the element-wise parts of a decoder, each in one pass over its rows, on plain fp32 arrays.
//
// Rows are independent: callers split them among threads. No kernel allocates.
#pragma once

#include <cstdint>

namespace pegbox::train::kernels {

/// A run of rows; `columns` elements each, one after another in memory.
struct Rows {
  std::int64_t begin = 0, end = 0, columns = 0;
};

/// x [T, C] and delta (may be null): sum = x + delta (if delta), y = sum * scale * weight, scale [T] = 1 /
/// sqrt(mean(sum²)
/// + epsilon). Zhang & Sennrich 2019. `sum` may be x.
void rms_norm(Rows rows, const float* x, const float* delta, const float* weight, float epsilon, float* sum, float* y,
              float* scale);

/// dx [T, C] = d(sum) (may be null) + what comes through the norm; dweight [C] (may be null) is added to.
void rms_norm_backward(Rows rows, const float* sum, const float* weight, const float* scale, const float* dy,
                       const float* dsum, float* dx, float* dweight);

/// gate_up [T, 2 F] -> y [T, F] = silu(gate) * up (Shazeer 2020). `columns` is F.
void silu_gate(Rows rows, const float* gate_up, float* y);
void silu_gate_backward(Rows rows, const float* gate_up, const float* dy, float* dgate_up);

/// The same with GELU's approximation by tanh (Hendrycks & Gimpel 2016): y [T, F] = gelu(gate) * up.
void gelu_gate(Rows rows, const float* gate_up, float* y);
void gelu_gate_backward(Rows rows, const float* gate_up, const float* dy, float* dgate_up);

/// Turns queries and keys, the first `heads` of `all_heads` heads of width D in each row of x [T, all_heads D], by
/// position: of the first E numbers of a head, pairs are (j, j + E / 2). cosine, sine [P, E / 2]. The other numbers and
/// heads are copied. `sign` -1 turns back.
struct Rotation {
  const float* cosine;
  const float* sine;
  const std::int64_t* positions;  // [T]
  std::int64_t heads, all_heads, head_width, turned_width;
  float sign;
};
void rotate(Rows rows, const Rotation& rotation, const float* x, float* y);

/// What is added to cross-entropy: label smoothing e (Szegedy et al. 2016), (1 - e) of the label and e / V of every
/// token, as torch's; z-loss c (PaLM, arXiv 2204.02311), c log(Z)², which keeps the softmax's sum Z near 1. `label` is
/// a factor of cross-entropy, smoothed or not, beside other losses.
struct LossTerms {
  float smoothing = 0, z_loss = 0, label = 1;
};

/// logits [L, V] become `factor` * d(loss)/d(logits) of loss = sum of -log softmax[label] with the terms; returns that
/// loss. With `factor` 0 the logits are left as they are.
double cross_entropy(Rows rows, float* logits, const std::int64_t* labels, float factor, LossTerms terms = {});

/// y [size] = x * mask / (1 - p), the mask a function of (key, element) alone; the backward pass is the same call on
/// dy.
struct DropoutMask {
  std::uint64_t key = 0;
  float probability = 0;
};
void dropout(std::int64_t size, const DropoutMask& mask, const float* x, float* y);

/// As `dropout`, in place on one row of an attention matrix: its elements count from `first`, a multiple of 8.
void dropout_row(std::int64_t first, std::int64_t size, const DropoutMask& mask, float* x);

}  // namespace pegbox::train::kernels
