// bf16_product: matrix products whose factors and result are in bf16 and whose sums are in fp32.
#pragma once

#include "train/tensor.h"

namespace pegbox::train {

/// x [T, C] in bf16, with rows of zeros behind it up to a round number of them. oneDNN compiles a program for each
/// shape, which takes as long as hundreds of products, and micro-batches have a new number of tokens each time.
Tensor bf16_rows(const Tensor& x);

/// The first `rows` rows of a [M, K] times b [K, N], both rounded to bf16 where they are not: in fp32, rounded to bf16
/// once. Where M or K counts tokens, the factor is one of bf16_rows.
Tensor bf16_product(const Tensor& a, const Tensor& b, std::int64_t rows);

/// Whether this CPU multiplies numbers in bf16 (AMX or AVX-512 BF16).
bool has_bf16_products();

}  // namespace pegbox::train
