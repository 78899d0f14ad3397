// attention: causal attention of packed documents, each query seeing only its own document, or only a window of it, on
// plain fp32 arrays.
//
// Rows of `packed` [T, (H + 2 K) D] hold queries, keys and values of one token. Nothing of size [T, T] is kept: the
// backward pass computes the probabilities again from the logarithm of their sums (Dao et al. 2022, FlashAttention).
#pragma once

#include <cstdint>
#include <vector>

#include "train/kernels/row_kernels.h"

namespace pegbox::train::kernels {

struct AttentionShape {
  std::int64_t heads = 0, kv_heads = 0, head_width = 0;
  float scale = 0;          ///< of the scores, 1 / sqrt(D)
  std::int64_t window = 0;  ///< keys that a query sees, the last its own; 0: all of its document up to its own
  float cap = 0;            ///< a score s becomes cap tanh(s / cap); 0: none
  std::int64_t row_width() const { return (heads + 2 * kv_heads) * head_width; }
};

/// One piece of work: a document (rows [begin, end)) and one of its key-value heads with the query heads that share it.
struct AttentionTask {
  std::int64_t begin = 0, end = 0, kv_head = 0;
};

/// What `scratch` grows to for documents of up to `longest` tokens, in both passes.
double attention_scratch_bytes(double longest);

/// out [T, H D], log_sums [H, T] (`tokens` is T). `scratch` is grown as needed and may be kept between calls.
void attend(const AttentionShape& shape, const AttentionTask& task, std::int64_t tokens, const DropoutMask& dropout,
            const float* packed, float* out, float* log_sums, std::vector<float>& scratch);

/// dpacked [T, (H + 2 K) D]: the rows and heads of the task are written.
void attend_backward(const AttentionShape& shape, const AttentionTask& task, std::int64_t tokens,
                     const DropoutMask& dropout, const float* packed, const float* out, const float* log_sums,
                     const float* dout, float* dpacked, std::vector<float>& scratch);

}  // namespace pegbox::train::kernels
