// attention: see attention.h. Queries are taken in blocks; keys after a block's last query, and those before the window
// of its first one, are never touched.
#include "train/kernels/attention.h"

#include <algorithm>
#include <cmath>

#include "train/kernels/by_cpu.h"
#include "train/kernels/gemm.h"
#include "train/kernels/vector_math.h"

namespace pegbox::train::kernels {

namespace {

constexpr std::int64_t kBlock = 64;  // queries at a time

/// Where the pieces of one document and head lie.
struct HeadView {
  const float *query, *key, *value;
  std::int64_t stride;
};

HeadView head_view(const AttentionShape& shape, const float* packed, std::int64_t begin, std::int64_t head,
                   std::int64_t kv_head) {
  const std::int64_t stride = shape.row_width(), width = shape.head_width;
  const float* const start = packed + begin * stride;
  return {start + head * width, start + (shape.heads + kv_head) * width,
          start + (shape.heads + shape.kv_heads + kv_head) * width, stride};
}

/// A block of queries [first, first + rows) of a document and the keys [begin, end) that some of them see.
struct Block {
  std::int64_t first, rows, begin, end;
  std::int64_t columns() const { return end - begin; }
};

/// Keys begin at a multiple of 8, as masks of dropout do.
Block block_at(const AttentionShape& shape, std::int64_t first, std::int64_t length) {
  const std::int64_t rows = std::min(kBlock, length - first);
  const std::int64_t seen = shape.window > 0 ? std::max<std::int64_t>(0, first - shape.window + 1) : 0;
  return {first, rows, seen / 8 * 8, first + rows};
}

/// The columns of a block's row that its query sees.
struct Seen {
  std::int64_t begin, end;
  std::int64_t size() const { return end - begin; }
};

Seen seen_by(const AttentionShape& shape, const Block& block, std::int64_t row) {
  const std::int64_t end = block.first + row + 1;
  const std::int64_t begin = shape.window > 0 ? std::max(block.begin, end - shape.window) : 0;
  return {begin - block.begin, end - block.begin};
}

PEGBOX_BODY void clear_unseen(const Seen& seen, std::int64_t columns, float* row) {
  for (std::int64_t j = 0; j < seen.begin; ++j) row[j] = 0;
  for (std::int64_t j = seen.end; j < columns; ++j) row[j] = 0;
}

/// Probabilities of a document are masked by (head, row, key); a row starts at a multiple of 8. `values` are those of
/// the block's columns up to the last one seen.
void drop_row(const DropoutMask& dropout, std::int64_t length, std::int64_t head, std::int64_t row, const Block& block,
              const Seen& seen, float* values) {
  const std::int64_t row_stride = (length + 7) / 8 * 8;
  dropout_row((head * length + row) * row_stride + block.begin, seen.end, dropout, values);
}

/// scores [rows, columns] of a block.
PEGBOX_BODY void scores_of(const AttentionShape& shape, const HeadView& view, const Block& block, float* scores) {
  gemm(block.rows, block.columns(), shape.head_width, shape.scale,
       {view.query + block.first * view.stride, view.stride},
       {view.key + block.begin * view.stride, view.stride, Form::Transposed}, 0, {scores, block.columns()});
  if (shape.cap == 0) return;
  const float cap = shape.cap, inverse = 1.0f / cap;
  const std::int64_t size = block.rows * block.columns();
#pragma omp simd
  for (std::int64_t j = 0; j < size; ++j) scores[j] = cap * fast_tanh(scores[j] * inverse);
}

/// exp(row - largest) in place; returns the logarithm of the sum and the sum's inverse.
PEGBOX_BODY float softmax_row(float* row, std::int64_t size, float& inverse_sum) {
  const float largest = largest_of(row, size);
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t j = 0; j < size; ++j) {
    row[j] = fast_exp(row[j] - largest);
    sum += row[j];
  }
  inverse_sum = 1.0f / sum;
  return largest + std::log(sum);
}

/// p: scores become probabilities; ds: their gradients become those of the scores before scale and cap.
PEGBOX_BODY void backward_row(const AttentionShape& shape, float log_sum, float dot, std::int64_t size, float* p,
                              float* ds) {
  const float inverse_cap = shape.cap > 0 ? 1.0f / shape.cap : 0.0f;  // without one the slope is 1
#pragma omp simd
  for (std::int64_t j = 0; j < size; ++j) {
    const float capped = p[j] * inverse_cap;
    p[j] = fast_exp(p[j] - log_sum);
    ds[j] = p[j] * (ds[j] - dot) * (shape.scale * (1.0f - capped * capped));
  }
}

/// Rows [begin, end) of a head's gradients.
void clear_rows(float* rows, std::int64_t stride, std::int64_t width, std::int64_t begin, std::int64_t end) {
  for (std::int64_t row = begin; row < end; ++row) std::fill_n(rows + row * stride, width, 0.0f);
}

PEGBOX_BODY void attend_body(const AttentionShape& shape, const AttentionTask& task, std::int64_t tokens,
                             const DropoutMask& dropout, const float* packed, float* out, float* log_sums,
                             std::vector<float>& scratch) {
  const std::int64_t length = task.end - task.begin, width = shape.head_width, out_stride = shape.heads * width;
  const std::int64_t group = shape.heads / shape.kv_heads;
  scratch.resize(std::max<std::size_t>(scratch.size(), kBlock * length));
  float* const scores = scratch.data();
  for (std::int64_t head = task.kv_head * group; head < (task.kv_head + 1) * group; ++head) {
    const HeadView view = head_view(shape, packed, task.begin, head, task.kv_head);
    for (std::int64_t first = 0; first < length; first += kBlock) {
      const Block block = block_at(shape, first, length);
      const std::int64_t columns = block.columns();
      scores_of(shape, view, block, scores);
      float inverse_sums[kBlock];
      for (std::int64_t i = 0; i < block.rows; ++i) {
        const std::int64_t row = task.begin + first + i;
        const Seen seen = seen_by(shape, block, i);
        float* const values = scores + i * columns;
        log_sums[head * tokens + row] = softmax_row(values + seen.begin, seen.size(), inverse_sums[i]);
        clear_unseen(seen, columns, values);
        if (dropout.probability > 0) drop_row(dropout, length, head, first + i, block, seen, values);
      }
      float* const block_out = out + (task.begin + first) * out_stride + head * width;
      gemm(block.rows, width, columns, 1, {scores, columns}, {view.value + block.begin * view.stride, view.stride}, 0,
           {block_out, out_stride});
      for (std::int64_t i = 0; i < block.rows; ++i)
#pragma omp simd
        for (std::int64_t j = 0; j < width; ++j) block_out[i * out_stride + j] *= inverse_sums[i];
    }
  }
}

PEGBOX_BODY void attend_backward_body(const AttentionShape& shape, const AttentionTask& task, std::int64_t tokens,
                                      const DropoutMask& dropout, const float* packed, const float* out,
                                      const float* log_sums, const float* dout, float* dpacked,
                                      std::vector<float>& scratch) {
  const std::int64_t length = task.end - task.begin, width = shape.head_width, out_stride = shape.heads * width;
  const std::int64_t group = shape.heads / shape.kv_heads, first_head = task.kv_head * group;
  scratch.resize(std::max<std::size_t>(scratch.size(), 2 * kBlock * length));
  float *const probabilities = scratch.data(), *const dscores = probabilities + kBlock * length;
  const std::int64_t last_block = (length - 1) / kBlock * kBlock;
  for (std::int64_t head = first_head; head < first_head + group; ++head) {
    const HeadView view = head_view(shape, packed, task.begin, head, task.kv_head);
    const HeadView dview = head_view(shape, dpacked, task.begin, head, task.kv_head);
    float *const dquery = const_cast<float*>(dview.query), *const dkey = const_cast<float*>(dview.key),
                 *const dvalue = const_cast<float*>(dview.value);
    std::int64_t written = length;  // keys from here on have gradients of this group already
    for (std::int64_t first = last_block; first >= 0; first -= kBlock) {
      const Block block = block_at(shape, first, length);
      const std::int64_t rows = block.rows, columns = block.columns(), stride = view.stride;
      const std::int64_t at = (task.begin + first) * out_stride + head * width, keys = block.begin * stride;
      scores_of(shape, view, block, probabilities);
      gemm(rows, columns, width, 1, {dout + at, out_stride}, {view.value + keys, stride, Form::Transposed}, 0,
           {dscores, columns});
      for (std::int64_t i = 0; i < rows; ++i) {
        float *const p = probabilities + i * columns, *const ds = dscores + i * columns;
        const float *const o = out + at + i * out_stride, *const go = dout + at + i * out_stride;
        const std::int64_t row = task.begin + first + i;
        const Seen seen = seen_by(shape, block, i);
        float dot = 0;
#pragma omp simd reduction(+ : dot)
        for (std::int64_t j = 0; j < width; ++j) dot += o[j] * go[j];
        if (dropout.probability > 0) drop_row(dropout, length, head, first + i, block, seen, ds);
        backward_row(shape, log_sums[head * tokens + row], dot, seen.size(), p + seen.begin, ds + seen.begin);
        if (dropout.probability > 0) drop_row(dropout, length, head, first + i, block, seen, p);
        clear_unseen(seen, columns, p);
        clear_unseen(seen, columns, ds);
      }
      // The first head's last block that sees a key writes its gradient, the others add to it.
      const bool all_new = head == first_head && first == last_block;
      if (head == first_head && !all_new) {
        clear_rows(dkey, stride, width, block.begin, std::min(written, block.end));
        clear_rows(dvalue, stride, width, block.begin, std::min(written, block.end));
      }
      written = block.begin;
      const float beta = all_new ? 0.0f : 1.0f;
      gemm(columns, width, rows, 1, {probabilities, columns, Form::Transposed}, {dout + at, out_stride}, beta,
           {dvalue + keys, stride});
      gemm(rows, width, columns, 1, {dscores, columns}, {view.key + keys, stride}, 0,
           {dquery + first * stride, stride});
      gemm(columns, width, rows, 1, {dscores, columns, Form::Transposed}, {view.query + first * stride, stride}, beta,
           {dkey + keys, stride});
    }
  }
}

}  // namespace

double attention_scratch_bytes(double longest) { return 2 * kBlock * longest * sizeof(float); }

PEGBOX_BY_CPU(void, attend,
              (const AttentionShape& shape, const AttentionTask& task, std::int64_t tokens, const DropoutMask& dropout,
               const float* packed, float* out, float* log_sums, std::vector<float>& scratch),
              (shape, task, tokens, dropout, packed, out, log_sums, scratch))
PEGBOX_BY_CPU(void, attend_backward,
              (const AttentionShape& shape, const AttentionTask& task, std::int64_t tokens, const DropoutMask& dropout,
               const float* packed, const float* out, const float* log_sums, const float* dout, float* dpacked,
               std::vector<float>& scratch),
              (shape, task, tokens, dropout, packed, out, log_sums, dout, dpacked, scratch))

}  // namespace pegbox::train::kernels
