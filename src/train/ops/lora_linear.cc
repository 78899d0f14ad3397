// lora_linear: see lora_linear.h.
#include "train/ops/lora_linear.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <torch/csrc/autograd/custom_function.h>

#include "train/ops/dropout.h"

namespace pegbox::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// What the backward pass needs besides tensors.
struct LoraPlan : torch::CustomClassHolder {
  std::vector<LoraPart> parts;
  std::int64_t rank = 0;
  double scale = 1;
  kernels::DropoutMask mask;
  Tensor weight, bias;  // frozen: no inputs of the function as far as autograd is concerned
};

struct LoraLinear : torch::autograd::Function<LoraLinear> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& a, const Tensor& b,
                        const c10::intrusive_ptr<LoraPlan>& plan) {
    const Tensor transposed = plan->weight.t();
    Tensor y = plan->bias.defined() ? at::addmm(plan->bias, x, transposed) : at::mm(x, transposed);
    const Tensor seen = masked(x, plan->mask), inner = at::mm(seen, a.t());  // [T, I], [T, P R]
    for (std::size_t p = 0; p < plan->parts.size(); ++p) {
      const LoraPart& part = plan->parts[p];
      Tensor rows = y.narrow(1, part.row, part.rows);
      rows.addmm_(inner.narrow(1, static_cast<std::int64_t>(p) * plan->rank, plan->rank),
                  b.narrow(0, part.factor_row, part.rows).t(), 1, plan->scale);
    }
    context->save_for_backward({seen, inner, a, b});
    context->saved_data["plan"] = c10::IValue::make_capsule(plan);
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &seen = saved[0], &inner = saved[1], &a = saved[2], &b = saved[3];
    const auto plan = c10::static_intrusive_pointer_cast<LoraPlan>(context->saved_data["plan"].toCapsule());
    const Tensor dy = gradients[0].contiguous();
    Tensor dinner = at::empty_like(inner), db = at::empty_like(b);
    for (std::size_t p = 0; p < plan->parts.size(); ++p) {
      const LoraPart& part = plan->parts[p];
      const std::int64_t column = static_cast<std::int64_t>(p) * plan->rank;
      const Tensor dpart = dy.narrow(1, part.row, part.rows);
      Tensor dpart_inner = dinner.narrow(1, column, plan->rank), dpart_b = db.narrow(0, part.factor_row, part.rows);
      dpart_inner.addmm_(dpart, b.narrow(0, part.factor_row, part.rows), 0, plan->scale);
      dpart_b.addmm_(dpart.t(), inner.narrow(1, column, plan->rank), 0, plan->scale);
    }
    Tensor dx;
    if (context->needs_input_grad(0)) {
      dx = at::mm(dy, plan->weight);
      if (plan->mask.probability == 0)
        dx.addmm_(dinner, a);
      else
        dx.add_(masked(at::mm(dinner, a), plan->mask));
    }
    return {dx, at::mm(dinner.t(), seen), db, Tensor()};
  }
};

}  // namespace

Tensor lora_linear(const Tensor& x, const Tensor& weight, const Tensor& bias, const LoraFactors& factors,
                   const kernels::DropoutMask& mask) {
  auto plan = c10::make_intrusive<LoraPlan>();
  plan->parts = factors.parts;
  plan->rank = factors.rank;
  plan->scale = factors.scale;
  plan->mask = mask;
  plan->weight = weight;
  plan->bias = bias;
  return LoraLinear::apply(x.contiguous(), factors.a, factors.b, plan);
}

}  // namespace pegbox::train
