// Tests of FrozenMatrix in bf16: products equal those of the rounded factors, to the rounding of the result.
#include "train/ops/frozen_matrix.h"

#include "train/ops/bf16_product.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using testing::expect_rounded_once;
using testing::rounded_to_bf16;

TEST(FrozenMatrix, InBf16MultipliesRoundedFactorsAndAddsUpInFp32) {
  if (!has_bf16_products()) GTEST_SKIP() << "this CPU has neither AMX nor AVX-512 BF16";
  const Tensor weight = testing::random_tensor({96, 700}, 1).to(at::kBFloat16), bias = testing::random_tensor({96}, 2);
  const FrozenMatrix matrix(weight);
  EXPECT_TRUE(testing::same_bits(matrix.values(), weight.to(at::kFloat)));
  const Tensor x = testing::random_tensor({33, 700}, 3).set_requires_grad(true),
               dy = testing::random_tensor({33, 96}, 4);
  const Tensor y = frozen_linear(x, matrix, bias), exact = at::mm(rounded_to_bf16(x), rounded_to_bf16(weight).t());
  EXPECT_EQ(y.scalar_type(), at::kFloat);
  expect_rounded_once(y.detach() - bias, exact);
  y.backward(dy);
  expect_rounded_once(x.grad(), at::mm(rounded_to_bf16(dy), rounded_to_bf16(weight)));
}

}  // namespace
}  // namespace pegbox::train
