// attention: see attention.h.
#include "train/ops/attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/logical_or.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/tril.h>
#include <ATen/ops/triu.h>
#include <torch/csrc/autograd/custom_function.h>

#include <limits>

namespace pegbox::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

kernels::Rotation rotation_of(const AttentionPlan& plan, float sign) {
  const kernels::AttentionShape& shape = plan.shape;
  return {plan.cosine.const_data_ptr<float>(),
          plan.sine.const_data_ptr<float>(),
          plan.positions.const_data_ptr<std::int64_t>(),
          shape.heads + shape.kv_heads,
          shape.heads + 2 * shape.kv_heads,
          shape.head_width,
          2 * plan.cosine.size(1),
          sign};
}

/// Calls `function` with each document and key-value head, and the document's mask.
template <class Function>
void for_each_task(const AttentionPlan& plan, const DropoutMask& mask, Function&& function) {
  for (std::size_t d = 0; d + 1 < plan.offsets.size(); ++d)
    for (std::int64_t head = 0; head < plan.shape.kv_heads; ++head)
      function(kernels::AttentionTask{plan.offsets[d], plan.offsets[d + 1], head}, mask.of(d));
}

std::vector<float>& thread_scratch() {
  thread_local std::vector<float> scratch;
  return scratch;
}

/// Lets autograd keep what is no tensor until the backward pass.
struct AttentionCall : torch::CustomClassHolder {
  AttentionCall(AttentionPlanPtr held, DropoutMask held_mask) : plan(std::move(held)), mask(std::move(held_mask)) {}
  AttentionPlanPtr plan;
  DropoutMask mask;
};

struct PackedAttention : torch::autograd::Function<PackedAttention> {
  static Tensor forward(AutogradContext* context, const Tensor& packed, const AttentionPlanPtr& plan,
                        const DropoutMask& mask) {
    const kernels::AttentionShape& shape = plan->shape;
    const std::int64_t tokens = packed.size(0);
    const Tensor turned = rotated(packed, *plan);
    Tensor out = at::empty({tokens, shape.heads * shape.head_width}, packed.options());
    Tensor log_sums = at::empty({shape.heads, tokens}, packed.options());
    const float* const in = turned.const_data_ptr<float>();
    float *const result = out.mutable_data_ptr<float>(), *const sums = log_sums.mutable_data_ptr<float>();
    for_each_task(*plan, mask, [&](const kernels::AttentionTask& task, const kernels::DropoutMask& dropout) {
      kernels::attend(shape, task, tokens, dropout, in, result, sums, thread_scratch());
    });
    context->save_for_backward({turned, out, log_sums});
    context->saved_data["call"] = c10::IValue::make_capsule(c10::make_intrusive<AttentionCall>(plan, mask));
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto call = c10::static_intrusive_pointer_cast<AttentionCall>(context->saved_data["call"].toCapsule());
    const AttentionPlanPtr& plan = call->plan;
    const Tensor dout = gradients[0].contiguous();
    const std::int64_t tokens = dout.size(0);
    Tensor dpacked = at::empty_like(saved[0]);
    float* const result = dpacked.mutable_data_ptr<float>();
    for_each_task(*plan, call->mask, [&](const kernels::AttentionTask& task, const kernels::DropoutMask& dropout) {
      kernels::attend_backward(plan->shape, task, tokens, dropout, saved[0].const_data_ptr<float>(),
                               saved[1].const_data_ptr<float>(), saved[2].const_data_ptr<float>(),
                               dout.const_data_ptr<float>(), result, thread_scratch());
    });
    if (plan->cosine.defined())
      kernels::rotate({0, tokens, plan->shape.row_width()}, rotation_of(*plan, -1), result, result);
    return {dpacked, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor rotated(const Tensor& packed, const AttentionPlan& plan) {
  if (!plan.cosine.defined()) return packed;
  Tensor turned = at::empty_like(packed);
  kernels::rotate({0, packed.size(0), packed.size(1)}, rotation_of(plan, 1), packed.const_data_ptr<float>(),
                  turned.mutable_data_ptr<float>());
  return turned;
}

Tensor packed_attention(const Tensor& packed, const AttentionPlanPtr& plan, const DropoutMask& mask) {
  return PackedAttention::apply(packed.contiguous(), plan, mask);
}

Tensor attention_shares(const Tensor& queries, const Tensor& keys, const kernels::AttentionShape& shape) {
  const auto heads = [&](const Tensor& x, std::int64_t number) {  // [number, rows, D]
    return x.reshape({-1, number, shape.head_width}).transpose(0, 1);
  };
  const std::int64_t count = queries.size(0), before = keys.size(0) - count;
  const Tensor q = heads(queries, shape.heads);
  const Tensor k = heads(keys, shape.kv_heads).repeat_interleave(shape.heads / shape.kv_heads, 0);
  Tensor scores = at::bmm(q, k.transpose(1, 2)) * shape.scale;  // [H, T, B + T]
  if (shape.cap > 0) scores = at::tanh(scores / shape.cap) * shape.cap;
  const Tensor all = at::ones({count, before + count}, at::kBool);
  Tensor unseen = all.triu(before + 1);
  if (shape.window > 0) unseen = unseen.logical_or(all.tril(before - shape.window));
  return scores.masked_fill(unseen, -std::numeric_limits<float>::infinity()).softmax(-1);
}

}  // namespace pegbox::train
