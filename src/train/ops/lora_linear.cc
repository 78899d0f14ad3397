// lora_linear: see lora_linear.h.
#include "train/ops/lora_linear.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/norm.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

#include "train/ops/dropout.h"

namespace pegbox::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// What the backward pass needs besides tensors that autograd knows of.
struct LoraCall : torch::CustomClassHolder {
  LoraFactors frozen;  // a and b are inputs of the function, and not here
  kernels::DropoutMask mask;
  FrozenMatrix weight;  // no input of the function as far as autograd is concerned
  Tensor bias;
};

std::int64_t column_of(const LoraFactors& factors, std::size_t p) {
  return static_cast<std::int64_t>(p) * factors.rank;
}

/// y [T, O] += factor * inner [T, P R] times each part's B.
void add_products(const LoraFactors& factors, const Tensor& inner, const Tensor& b, double factor, const Tensor& y) {
  for (std::size_t p = 0; p < factors.parts.size(); ++p) {
    const LoraPart& part = factors.parts[p];
    Tensor rows = y.narrow(1, part.row, part.rows);
    rows.addmm_(inner.narrow(1, column_of(factors, p), factors.rank), b.narrow(0, part.factor_row, part.rows).t(), 1,
                factor);
  }
}

/// The gradient of `inner` in add_products [T, P R].
Tensor inner_gradient(const LoraFactors& factors, const Tensor& dy, const Tensor& b, double factor) {
  Tensor dinner = at::empty({dy.size(0), static_cast<std::int64_t>(factors.parts.size()) * factors.rank}, dy.options());
  for (std::size_t p = 0; p < factors.parts.size(); ++p) {
    const LoraPart& part = factors.parts[p];
    Tensor dpart = dinner.narrow(1, column_of(factors, p), factors.rank);
    dpart.addmm_(dy.narrow(1, part.row, part.rows), b.narrow(0, part.factor_row, part.rows), 0, factor);
  }
  return dinner;
}

struct LoraLinear : torch::autograd::Function<LoraLinear> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& a, const Tensor& b,
                        const c10::intrusive_ptr<LoraCall>& call) {
    const LoraFactors& factors = call->frozen;
    const Tensor y = call->weight.times_transposed(x, call->bias);
    const Tensor seen = masked(x, call->mask), inner = at::mm(seen, a.t());  // [T, I], [T, P R]
    add_products(factors, inner, b, factors.scale, y);
    if (factors.start_a.defined())
      add_products(factors, at::mm(x, factors.start_a.t()), factors.start_b, -factors.scale, y);
    context->save_for_backward({seen, inner, a, b});
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &seen = saved[0], &inner = saved[1], &a = saved[2], &b = saved[3];
    const auto call = c10::static_intrusive_pointer_cast<LoraCall>(context->saved_data["call"].toCapsule());
    const LoraFactors& factors = call->frozen;
    const Tensor dy = gradients[0].contiguous(), dinner = inner_gradient(factors, dy, b, factors.scale);
    Tensor db = at::empty_like(b);
    for (std::size_t p = 0; p < factors.parts.size(); ++p) {
      const LoraPart& part = factors.parts[p];
      Tensor dpart = db.narrow(0, part.factor_row, part.rows);
      dpart.addmm_(dy.narrow(1, part.row, part.rows).t(), inner.narrow(1, column_of(factors, p), factors.rank), 0,
                   factors.scale);
    }
    Tensor dx;
    if (context->needs_input_grad(0)) {
      dx = call->weight.times(dy);
      if (call->mask.probability == 0)
        dx.addmm_(dinner, a);
      else
        dx.add_(masked(at::mm(dinner, a), call->mask));
      if (factors.start_a.defined())
        dx.addmm_(inner_gradient(factors, dy, factors.start_b, -factors.scale), factors.start_a);
    }
    return {dx, at::mm(dinner.t(), seen), db, Tensor()};
  }
};

}  // namespace

Tensor lora_linear(const Tensor& x, const FrozenMatrix& weight, const Tensor& bias, const LoraFactors& factors,
                   const kernels::DropoutMask& mask) {
  auto call = c10::make_intrusive<LoraCall>();
  call->frozen = factors;
  call->frozen.a = call->frozen.b = Tensor();
  call->mask = mask;
  call->weight = weight;
  call->bias = bias;
  return LoraLinear::apply(x.contiguous(), factors.a, factors.b, call);
}

Tensor updated_weight(const Tensor& weight, const LoraFactors& factors, std::size_t p) {
  const at::NoGradGuard no_gradients;
  const LoraPart& part = factors.parts[p];
  const auto of_part = [&](const Tensor& a, const Tensor& b) {
    return std::pair(b.narrow(0, part.factor_row, part.rows), a.narrow(0, column_of(factors, p), factors.rank));
  };
  const auto [b, a] = of_part(factors.a, factors.b);
  Tensor updated = at::addmm(weight.narrow(0, part.row, part.rows), b, a, 1, factors.scale);
  if (factors.start_a.defined()) {
    const auto [start_b, start_a] = of_part(factors.start_a, factors.start_b);
    updated.addmm_(start_b, start_a, 1, -factors.scale);
  }
  return updated;
}

Tensor updated_row_norms(const Tensor& weight, const LoraFactors& factors) {
  const at::NoGradGuard no_gradients;
  Tensors norms;
  for (std::size_t p = 0; p < factors.parts.size(); ++p)
    norms.push_back(at::norm(updated_weight(weight, factors, p), 2, 1));
  return at::cat(norms);
}

}  // namespace pegbox::train
