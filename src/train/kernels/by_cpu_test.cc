// Tests that both versions of the kernels give the same; where the CPU has AVX-512, other tests have tried that one
// alone.
#include "train/kernels/by_cpu.h"

#include <functional>

#include "train/ops/attention.h"
#include "train/ops/gate.h"
#include "train/ops/loss.h"
#include "train/ops/norm.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using testing::random_tensor;
using testing::relative_difference;

Tensor leaf(const std::vector<std::int64_t>& shape, std::uint64_t seed) {
  return random_tensor(shape, seed).set_requires_grad(true);
}

/// The output and the gradients of the inputs.
Tensors passes(const std::function<Tensor(const Tensors&)>& operation, const Tensors& inputs) {
  for (const Tensor& input : inputs) input.mutable_grad().reset();
  const Tensor output = operation(inputs);
  (output * random_tensor(output.sizes().vec(), 9)).sum().backward();
  Tensors results{output.detach()};
  for (const Tensor& input : inputs) results.push_back(input.grad().clone());
  return results;
}

void expect_both_agree(const std::function<Tensor(const Tensors&)>& operation, const Tensors& inputs) {
  kernels::use_avx512(false);
  const Tensors plain = passes(operation, inputs);
  kernels::use_avx512(true);
  const Tensors wide = passes(operation, inputs);
  for (std::size_t i = 0; i < plain.size(); ++i) EXPECT_LT(relative_difference(wide[i], plain[i]), 1e-5) << i;
}

TEST(KernelsByCpu, Agree) {
  expect_both_agree([](const Tensors& x) { return silu_gate(x[0]); }, {leaf({5, 74}, 1)});
  expect_both_agree([](const Tensors& x) { return gelu_gate(x[0]); }, {leaf({5, 74}, 2)});
  expect_both_agree([](const Tensors& x) { return residual_rms_norm(x[0], x[1], x[2], 1e-5).second; },
                    {leaf({7, 37}, 3), leaf({7, 37}, 4), leaf({37}, 5)});
  const auto labels = at::arange(11, at::kLong);
  expect_both_agree([&](const Tensors& x) { return label_loss(x[0], x[1], labels, 0.1, {.terms = {0.1F, 1e-3F}}); },
                    {leaf({11, 8}, 6), leaf({61, 8}, 7)});
  for (const std::int64_t top : {0, 7}) {
    const auto soft = std::make_shared<SoftLabels>(soft_labels(random_tensor({11, 61}, 12), {1, top, 61}));
    for (const auto divergence :
         {kernels::Divergence::ForwardKl, kernels::Divergence::ReverseKl, kernels::Divergence::JensenShannon}) {
      const LossKind kind{.teacher = {{{soft, 0, 11}}, 0.5, {divergence, 0.3F, 2}}};
      expect_both_agree([&](const Tensors& x) { return label_loss(x[0], x[1], labels, 0.1, kind); },
                        {leaf({11, 8}, 6), leaf({61, 8}, 7)});
    }
  }
}

TEST(KernelsByCpu, AgreeOnAttentionAndMasks) {
  auto plan = std::make_shared<AttentionPlan>();
  plan->shape = {4, 2, 16, 0.25F, 50, 3.0F};
  plan->offsets = {0, 70, 90};
  plan->positions = at::arange(90, at::kLong);
  plan->cosine = random_tensor({90, 8}, 8);
  plan->sine = random_tensor({90, 8}, 9);
  const DropoutMask mask = DropoutSource({3, 4}, plan->offsets).next(0.2);
  expect_both_agree([&](const Tensors& x) { return packed_attention(x[0], plan, mask); }, {leaf({90, 128}, 10)});
  expect_both_agree([&](const Tensors& x) { return dropout(x[0], mask); }, {leaf({90, 21}, 11)});
}

}  // namespace
}  // namespace pegbox::train
