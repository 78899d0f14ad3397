// bf16_product: see bf16_product.h.
#include "train/ops/bf16_product.h"

#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

namespace pegbox::train {

namespace {

constexpr std::int64_t kStep = 128;

std::int64_t rounded(std::int64_t size) { return (size + kStep - 1) / kStep * kStep; }

/// x in bf16, with zeros behind its rows and columns.
Tensor padded(const Tensor& x, std::int64_t rows, std::int64_t columns) {
  if (x.size(0) == rows && x.size(1) == columns) return x.to(at::kBFloat16);
  Tensor wide = at::zeros({rows, columns}, x.options().dtype(at::kBFloat16));
  wide.narrow(0, 0, x.size(0)).narrow(1, 0, x.size(1)).copy_(x);
  return wide;
}

}  // namespace

/// oneDNN compiles a program for each shape, which takes as long as hundreds of products; the rows of micro-batches
/// have a new number each time. Weights have round sizes already, and the zeros add nothing.
Tensor bf16_product(const Tensor& a, const Tensor& b) {
  const std::int64_t rows = rounded(a.size(0)), inner = rounded(a.size(1));
  if (b.scalar_type() == at::kBFloat16)  // a frozen weight, which is not copied
    return at::mm(padded(a, rows, a.size(1)), b).narrow(0, 0, a.size(0)).to(at::kFloat);
  return at::mm(padded(a, rows, inner), padded(b, inner, b.size(1))).narrow(0, 0, a.size(0)).to(at::kFloat);
}

bool has_bf16_products() { return __builtin_cpu_supports("amx-bf16") || __builtin_cpu_supports("avx512bf16"); }

}  // namespace pegbox::train
