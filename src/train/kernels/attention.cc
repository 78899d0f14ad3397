// attention: see attention.h. Queries are taken in blocks; keys after a block's last query are never touched.
#include "train/kernels/attention.h"

#include <algorithm>
#include <cmath>

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

/// Probabilities are masked by (head, row, column); a row starts at a multiple of 8.
void drop_row(const DropoutMask& dropout, std::int64_t tokens, std::int64_t head, std::int64_t row, std::int64_t size,
              float* values) {
  const std::int64_t row_stride = (tokens + 7) / 8 * 8;
  dropout_row((head * tokens + row) * row_stride, size, dropout, values);
}

/// scores [rows, columns] of the block that starts at query `first`; columns = first + rows.
void scores_of(const AttentionShape& shape, const HeadView& view, std::int64_t first, std::int64_t rows, float* scores,
               std::int64_t stride) {
  gemm(rows, first + rows, shape.head_width, shape.scale, {view.query + first * view.stride, view.stride},
       {view.key, view.stride, Form::Transposed}, 0, {scores, stride});
}

/// exp(row - largest) in place, zeros after `valid`; returns the logarithm of the sum and the sum's inverse.
float softmax_row(float* row, std::int64_t valid, std::int64_t columns, float& inverse_sum) {
  const float largest = largest_of(row, valid);
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t j = 0; j < valid; ++j) {
    row[j] = fast_exp(row[j] - largest);
    sum += row[j];
  }
  for (std::int64_t j = valid; j < columns; ++j) row[j] = 0;
  inverse_sum = 1.0f / sum;
  return largest + std::log(sum);
}

}  // namespace

void attend(const AttentionShape& shape, const AttentionTask& task, std::int64_t tokens, const DropoutMask& dropout,
            const float* packed, float* out, float* log_sums, std::vector<float>& scratch) {
  const std::int64_t length = task.end - task.begin, width = shape.head_width, out_stride = shape.heads * width;
  const std::int64_t group = shape.heads / shape.kv_heads;
  scratch.resize(std::max<std::size_t>(scratch.size(), kBlock * length));
  float* const scores = scratch.data();
  for (std::int64_t head = task.kv_head * group; head < (task.kv_head + 1) * group; ++head) {
    const HeadView view = head_view(shape, packed, task.begin, head, task.kv_head);
    for (std::int64_t first = 0; first < length; first += kBlock) {
      const std::int64_t rows = std::min(kBlock, length - first), columns = first + rows;
      scores_of(shape, view, first, rows, scores, columns);
      float inverse_sums[kBlock];
      for (std::int64_t i = 0; i < rows; ++i) {
        const std::int64_t row = task.begin + first + i;
        log_sums[head * tokens + row] = softmax_row(scores + i * columns, first + i + 1, columns, inverse_sums[i]);
        if (dropout.probability > 0) drop_row(dropout, tokens, head, row, first + i + 1, scores + i * columns);
      }
      float* const block_out = out + (task.begin + first) * out_stride + head * width;
      gemm(rows, width, columns, 1, {scores, columns}, {view.value, view.stride}, 0, {block_out, out_stride});
      for (std::int64_t i = 0; i < rows; ++i)
#pragma omp simd
        for (std::int64_t j = 0; j < width; ++j) block_out[i * out_stride + j] *= inverse_sums[i];
    }
  }
}

void attend_backward(const AttentionShape& shape, const AttentionTask& task, std::int64_t tokens,
                     const DropoutMask& dropout, const float* packed, const float* out, const float* log_sums,
                     const float* dout, float* dpacked, std::vector<float>& scratch) {
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
    // The last block sees all keys: it writes their gradients first, the others add to them.
    for (std::int64_t first = last_block; first >= 0; first -= kBlock) {
      const std::int64_t rows = std::min(kBlock, length - first), columns = first + rows;
      const float beta = head == first_head && first == last_block ? 0.0f : 1.0f;
      const std::int64_t at = (task.begin + first) * out_stride + head * width;
      scores_of(shape, view, first, rows, probabilities, columns);
      gemm(rows, columns, width, 1, {dout + at, out_stride}, {view.value, view.stride, Form::Transposed}, 0,
           {dscores, columns});
      for (std::int64_t i = 0; i < rows; ++i) {
        float *const p = probabilities + i * columns, *const ds = dscores + i * columns;
        const float *const o = out + at + i * out_stride, *const go = dout + at + i * out_stride;
        const std::int64_t row = task.begin + first + i, valid = first + i + 1;
        const float log_sum = log_sums[head * tokens + row];
        float dot = 0;
#pragma omp simd reduction(+ : dot)
        for (std::int64_t j = 0; j < width; ++j) dot += o[j] * go[j];
        if (dropout.probability > 0) drop_row(dropout, tokens, head, row, valid, ds);
#pragma omp simd
        for (std::int64_t j = 0; j < valid; ++j) {
          p[j] = fast_exp(p[j] - log_sum);
          ds[j] = p[j] * (ds[j] - dot) * shape.scale;
        }
        if (dropout.probability > 0) drop_row(dropout, tokens, head, row, valid, p);
        for (std::int64_t j = valid; j < columns; ++j) p[j] = ds[j] = 0;
      }
      gemm(columns, width, rows, 1, {probabilities, columns, Form::Transposed}, {dout + at, out_stride}, beta,
           {dvalue, view.stride});
      gemm(rows, width, columns, 1, {dscores, columns}, {view.key, view.stride}, 0,
           {dquery + first * view.stride, view.stride});
      gemm(columns, width, rows, 1, {dscores, columns, Form::Transposed},
           {view.query + first * view.stride, view.stride}, beta, {dkey, view.stride});
    }
  }
}

}  // namespace pegbox::train::kernels
