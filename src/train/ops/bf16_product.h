// bf16_product: matrix products whose factors and result are in bf16 and whose sums are in fp32.
#pragma once

#include "train/tensor.h"

namespace pegbox::train {

/// a [M, K] times b [K, N], both rounded to bf16 where they are not, -> [M, N] in fp32, rounded to bf16 once.
Tensor bf16_product(const Tensor& a, const Tensor& b);

/// Whether this CPU multiplies numbers in bf16 (AMX or AVX-512 BF16).
bool has_bf16_products();

}  // namespace pegbox::train
