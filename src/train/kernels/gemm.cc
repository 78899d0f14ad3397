// gemm: BLAS as libtorch carries it, or plain loops where a build of libtorch keeps its BLAS to itself.
#include "train/kernels/gemm.h"

#include <algorithm>

extern "C" __attribute__((weak)) void sgemm_(const char* ta, const char* tb, const int* m, const int* n, const int* k,
                                             const float* alpha, const float* a, const int* lda, const float* b,
                                             const int* ldb, const float* beta, float* c, const int* ldc);

namespace pegbox::train {

namespace {

float element(const ConstMatrix& matrix, std::int64_t row, std::int64_t column) {
  return matrix.form == Form::Plain ? matrix.data[row * matrix.stride + column]
                                    : matrix.data[column * matrix.stride + row];
}

void plain_gemm(std::int64_t m, std::int64_t n, std::int64_t k, float alpha, ConstMatrix a, ConstMatrix b, float beta,
                Matrix c) {
  for (std::int64_t i = 0; i < m; ++i) {
    float* const row = c.data + i * c.stride;
    for (std::int64_t j = 0; j < n; ++j) row[j] = beta == 0 ? 0.0f : beta * row[j];
    for (std::int64_t l = 0; l < k; ++l) {
      const float factor = alpha * element(a, i, l);
      for (std::int64_t j = 0; j < n; ++j) row[j] += factor * element(b, l, j);
    }
  }
}

}  // namespace

void gemm(std::int64_t m, std::int64_t n, std::int64_t k, float alpha, ConstMatrix a, ConstMatrix b, float beta,
          Matrix c) {
  if (m == 0 || n == 0) return;
  if (sgemm_ == nullptr || k == 0) return plain_gemm(m, n, k, alpha, a, b, beta, c);
  // BLAS counts by columns: what is row-major to us is transposed to it, so c^T = b^T a^T.
  const char ta = b.form == Form::Plain ? 'N' : 'T', tb = a.form == Form::Plain ? 'N' : 'T';
  const int rows = static_cast<int>(n), columns = static_cast<int>(m), inner = static_cast<int>(k);
  const int lda = static_cast<int>(b.stride), ldb = static_cast<int>(a.stride), ldc = static_cast<int>(c.stride);
  sgemm_(&ta, &tb, &rows, &columns, &inner, &alpha, b.data, &lda, a.data, &ldb, &beta, c.data, &ldc);
}

}  // namespace pegbox::train
