// Tests of FrozenMatrix in bf16: products equal those of the rounded factors, to the rounding of the result.
#include "train/ops/frozen_matrix.h"

#include "train/testing.h"

namespace pegbox::train {
namespace {

TEST(FrozenMatrix, InBf16MultipliesRoundedFactorsAndAddsUpInFp32) {
  if (!has_bf16_products()) GTEST_SKIP() << "this CPU has neither AMX nor AVX-512 BF16";
  const Tensor weight = testing::random_tensor({96, 700}, 1).to(at::kBFloat16), bias = testing::random_tensor({96}, 2);
  const FrozenMatrix matrix(weight);
  EXPECT_TRUE(testing::same_bits(matrix.values(), weight.to(at::kFloat)));
  const auto rounded = [](const Tensor& x) { return x.to(at::kBFloat16).to(at::kDouble); };
  const Tensor x = testing::random_tensor({33, 700}, 3).set_requires_grad(true),
               dy = testing::random_tensor({33, 96}, 4);
  const Tensor y = frozen_linear(x, matrix, bias), exact = at::mm(rounded(x.detach()), rounded(weight).t());
  EXPECT_EQ(y.scalar_type(), at::kFloat);
  // bf16 has 8 bits: a result is off by 2^-8 of itself at most. Sums in bf16 would be off by many times that.
  const auto expect_near = [](const Tensor& ours, const Tensor& theirs) {
    const Tensor apart = (ours - theirs).abs(), allowed = theirs.abs() * (1.0 / 256) + 1e-3;
    EXPECT_TRUE((apart <= allowed).all().item<bool>()) << (apart - allowed).max().item<double>();
  };
  expect_near(y.detach() - bias, exact);
  y.backward(dy);
  expect_near(x.grad(), at::mm(rounded(dy), rounded(weight)));
}

}  // namespace
}  // namespace pegbox::train
