// Tests of bf16_linear: its output and all of its gradients are those of the rounded factors, rounded once.
#include "train/ops/bf16_linear.h"

#include "train/ops/bf16_product.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

TEST(Bf16Linear, MultipliesRoundedFactorsInBothPassesAndKeepsItsWeightInFp32) {
  if (!has_bf16_products()) GTEST_SKIP() << "this CPU has neither AMX nor AVX-512 BF16";
  const auto leaf = [](std::vector<std::int64_t> shape, std::uint64_t seed) {
    return testing::random_tensor(std::move(shape), seed).set_requires_grad(true);
  };
  const Tensor x = leaf({33, 700}, 1), weight = leaf({96, 700}, 2), bias = leaf({96}, 3);
  const Tensor dy = testing::random_tensor({33, 96}, 4);
  const Tensor rounded_x = testing::rounded_to_bf16(x), rounded_weight = testing::rounded_to_bf16(weight),
               rounded_dy = testing::rounded_to_bf16(dy);
  const Tensor y = bf16_linear(x, weight, bias);
  EXPECT_EQ(y.scalar_type(), at::kFloat);
  testing::expect_rounded_once((y - bias).detach(), at::mm(rounded_x, rounded_weight.t()));
  y.backward(dy);
  testing::expect_rounded_once(x.grad(), at::mm(rounded_dy, rounded_weight));
  testing::expect_rounded_once(weight.grad(), at::mm(rounded_dy.t(), rounded_x));
  EXPECT_EQ(weight.grad().scalar_type(), at::kFloat);
  EXPECT_LT(testing::relative_difference(bias.grad(), dy.sum(0)), 1e-6);
}

}  // namespace
}  // namespace pegbox::train
