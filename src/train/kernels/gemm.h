// gemm: a small fp32 matrix product on plain pointers, for kernels whose matrices are pieces of larger arrays.
#pragma once

#include <cstdint>

namespace pegbox::train {

enum class Form : bool { Plain, Transposed };

/// One factor or the result, row-major with `stride` elements from row to row.
struct ConstMatrix {
  const float* data;
  std::int64_t stride;
  Form form = Form::Plain;  ///< Transposed: the factor is the transpose of what is stored
};
struct Matrix {
  float* data;
  std::int64_t stride;
};

/// c [m, n] = alpha * a [m, k] * b [k, n] + beta * c. Runs on as many threads as BLAS is set to (one, in our lanes).
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, float alpha, ConstMatrix a, ConstMatrix b, float beta,
          Matrix c);

}  // namespace pegbox::train
