// What a training step's time is made of: each operation of a LoRA step alone, forward and back, on one core, beside
// the matrix products of the frozen weights alone.
//
//   pegbox-bench-step_parts [TOKENS] [LENGTH] [RANK]
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <malloc.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <vector>

#include "train/ops/attention.h"
#include "train/ops/gate.h"
#include "train/ops/lora_linear.h"
#include "train/ops/loss.h"
#include "train/ops/norm.h"

namespace {

using namespace pegbox::train;

constexpr std::int64_t kWidth = 256, kInner = 704, kHeads = 8, kKvHeads = 4, kHeadWidth = 32, kVocabulary = 2048;

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double best_ms(const std::function<void()>& work) {
  work();
  double best = 1e9;
  for (int run = 0; run < 15; ++run) {
    const double start = now_s();
    work();
    best = std::min(best, now_s() - start);
  }
  return 1e3 * best;
}

Tensor leaf(std::vector<std::int64_t> shape) { return at::randn(shape).set_requires_grad(true); }

void backward(const Tensor& y, const Tensor& dy) { y.backward(dy); }

/// A group of linear layers: the plain products of its frozen weight, and the whole step.
void linear(const char* name, std::int64_t tokens, std::int64_t inputs, std::vector<std::int64_t> outputs,
            std::int64_t rank) {
  LoraFactors factors{.rank = rank, .scale = 2};
  std::int64_t all = 0;
  for (const std::int64_t rows : outputs) {
    factors.parts.push_back({all, rows, all});
    all += rows;
  }
  factors.a = leaf({static_cast<std::int64_t>(outputs.size()) * rank, inputs});
  factors.b = leaf({all, rank});
  const Tensor x = leaf({tokens, inputs}), weight = at::randn({all, inputs}), dy = at::randn({tokens, all});
  const double plain = best_ms([&] {
    const at::AutoGradMode none(false);
    at::mm(x, weight.t());
    at::mm(dy, weight);
  });
  const double forward = best_ms([&] { lora_linear(x, weight, Tensor(), factors, {}); });
  const double whole = best_ms([&] {
    x.mutable_grad().reset();
    factors.a.mutable_grad().reset();
    factors.b.mutable_grad().reset();
    backward(lora_linear(x, weight, Tensor(), factors, {}), dy);
  });
  fmt::print("{:16} {:8.3f} ms of products alone {:8.3f} ms with its update ({:.3f} ms forward), {:5.1f} GFlop/s\n",
             name, plain, whole, forward, 4e-6 * static_cast<double>(tokens * inputs * all) / plain);
}

void attention(std::int64_t tokens, std::int64_t length) {
  auto plan = std::make_shared<AttentionPlan>();
  plan->shape = {kHeads, kKvHeads, kHeadWidth, 0.17f};
  for (std::int64_t at = 0; at < tokens; at += length) plan->offsets.push_back(at);
  plan->offsets.push_back(tokens);
  plan->positions = at::arange(tokens, at::kLong).remainder(length);
  plan->cosine = plan->sine = at::randn({length, kHeadWidth / 2});
  const Tensor packed = leaf({tokens, plan->shape.row_width()}), dy = at::randn({tokens, kHeads * kHeadWidth});
  const double forward = best_ms([&] { packed_attention(packed, plan, {}); });
  const double whole = best_ms([&] { backward(packed_attention(packed, plan, {}), dy); });
  const double flops = 4.0 * static_cast<double>(tokens * length / 2 * kHeads * kHeadWidth);
  fmt::print("{:16} {:8.3f} ms forward {:8.3f} ms whole, {:5.1f} GFlop/s\n", "attention", forward, whole,
             3.5e-6 * flops / whole);
}

}  // namespace

int main(int count, char** arguments) {
  const auto number = [&](int i, int otherwise) { return count > i ? std::atoi(arguments[i]) : otherwise; };
  const std::int64_t tokens = number(1, 1024), length = number(2, 256), rank = number(3, 16);
  at::set_num_threads(1);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // as the trainer: what was freed is used again
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  linear("attention input", tokens, kWidth, {kHeads * kHeadWidth, kKvHeads * kHeadWidth, kKvHeads * kHeadWidth}, rank);
  attention(tokens, length);
  linear("attention output", tokens, kWidth, {kWidth}, rank);
  const Tensor x = leaf({tokens, kWidth}), delta = leaf({tokens, kWidth}), gain = at::ones({kWidth});
  const Tensor dx = at::randn({tokens, kWidth});
  fmt::print("{:16} {:8.3f} ms\n", "norm", best_ms([&] {
               const auto [sum, normed] = residual_rms_norm(x, delta, gain, 1e-5);
               backward(sum + normed, dx);
             }));
  linear("feed input", tokens, kWidth, {kInner, kInner}, rank);
  const Tensor gate_up = leaf({tokens, 2 * kInner}), dgate = at::randn({tokens, kInner});
  fmt::print("{:16} {:8.3f} ms\n", "gate", best_ms([&] { backward(silu_gate(gate_up), dgate); }));
  linear("feed output", tokens, kInner, {kWidth}, rank);
  const Tensor head = at::randn({kVocabulary, kWidth}), labels = at::randint(kVocabulary, {tokens / 2}, at::kLong);
  const Tensor hidden = (at::randn({tokens / 2, kWidth}) * 0.05).set_requires_grad(true);
  fmt::print("{:16} {:8.3f} ms (once, not in each layer)\n", "loss",
             best_ms([&] { backward(label_loss(hidden, head, labels, 1e-3), at::scalar_tensor(1.0, at::kDouble)); }));
  return 0;
}
