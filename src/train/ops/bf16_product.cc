// bf16_product: see bf16_product.h.
#include "train/ops/bf16_product.h"

#include <ATen/ops/mm.h>

namespace pegbox::train {

Tensor bf16_product(const Tensor& a, const Tensor& b) {
  return at::mm(a.to(at::kBFloat16), b.to(at::kBFloat16)).to(at::kFloat);
}

bool has_bf16_products() { return __builtin_cpu_supports("amx-bf16") || __builtin_cpu_supports("avx512bf16"); }

}  // namespace pegbox::train
