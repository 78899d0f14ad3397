// bf16_product: see bf16_product.h.
#include "train/ops/bf16_product.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

namespace pegbox::train {

namespace {

constexpr std::int64_t kStep = 128;  // tokens; so few shapes that each is met again soon

}  // namespace

Tensor bf16_rows(const Tensor& x) {
  const std::int64_t rows = x.size(0), padded = (rows + kStep - 1) / kStep * kStep;
  if (rows == padded) return x.to(at::kBFloat16);
  Tensor wide = at::empty({padded, x.size(1)}, x.options().dtype(at::kBFloat16));
  wide.narrow(0, 0, rows).copy_(x);
  wide.narrow(0, rows, padded - rows).zero_();
  return wide;
}

Tensor bf16_product(const Tensor& a, const Tensor& b, std::int64_t rows) {
  return at::mm(a.to(at::kBFloat16), b.to(at::kBFloat16)).narrow(0, 0, rows).to(at::kFloat);
}

bool has_bf16_products() { return __builtin_cpu_supports("amx-bf16") || __builtin_cpu_supports("avx512bf16"); }

}  // namespace pegbox::train
