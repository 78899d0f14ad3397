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

namespace pegbox::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// What the backward pass needs besides tensors that autograd knows of.
struct LoraCall : torch::CustomClassHolder {
  std::vector<LoraUpdate> updates;  // without a and b, which are inputs of the function
  FrozenMatrix weight;              // no input of the function as far as autograd is concerned
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

/// y [T', O] += the update of x [T', I]; returns what the backward pass needs of it: what the update saw [T', I], and
/// its product with A [T', P R].
std::pair<Tensor, Tensor> add_update(const LoraUpdate& update, const Tensor& x, const Tensor& a, const Tensor& b,
                                     const Tensor& y) {
  const LoraFactors& factors = update.factors;
  Tensor seen = masked(x, update.mask), inner = at::mm(seen, a.t());
  add_products(factors, inner, b, factors.scale, y);
  if (factors.start_a.defined())
    add_products(factors, at::mm(x, factors.start_a.t()), factors.start_b, -factors.scale, y);
  return {std::move(seen), std::move(inner)};
}

/// The gradient of B [sum of rows, R].
Tensor b_gradient(const LoraFactors& factors, const Tensor& dy, const Tensor& inner, const Tensor& b) {
  Tensor db = at::empty_like(b);
  for (std::size_t p = 0; p < factors.parts.size(); ++p) {
    const LoraPart& part = factors.parts[p];
    Tensor dpart = db.narrow(0, part.factor_row, part.rows);
    dpart.addmm_(dy.narrow(1, part.row, part.rows).t(), inner.narrow(1, column_of(factors, p), factors.rank), 0,
                 factors.scale);
  }
  return db;
}

/// dx [T', I] += what comes through the update.
void add_input_gradient(const LoraUpdate& update, const Tensor& dy, const Tensor& dinner, const Tensor& a, Tensor dx) {
  const LoraFactors& factors = update.factors;
  if (update.mask.probability == 0)
    dx.addmm_(dinner, a);
  else
    dx.add_(masked(at::mm(dinner, a), update.mask));
  if (factors.start_a.defined())
    dx.addmm_(inner_gradient(factors, dy, factors.start_b, -factors.scale), factors.start_a);
}

struct LoraLinear : torch::autograd::Function<LoraLinear> {
  /// `factors`: A and B of each update, one after another.
  static Tensor forward(AutogradContext* context, const Tensor& x, at::TensorList factors,
                        const c10::intrusive_ptr<LoraCall>& call) {
    const Tensor y = call->weight.times_transposed(x, call->bias);
    variable_list kept;
    for (std::size_t i = 0; i < call->updates.size(); ++i) {
      const LoraUpdate& update = call->updates[i];
      const Tensor &a = factors[2 * i], &b = factors[2 * i + 1];
      auto [seen, inner] = add_update(update, x.narrow(0, update.first_row, update.rows), a, b,
                                      y.narrow(0, update.first_row, update.rows));
      kept.insert(kept.end(), {std::move(seen), std::move(inner), a, b});
    }
    context->save_for_backward(std::move(kept));
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto call = c10::static_intrusive_pointer_cast<LoraCall>(context->saved_data["call"].toCapsule());
    const Tensor all_dy = gradients[0].contiguous();
    const Tensor all_dx = context->needs_input_grad(0) ? call->weight.times(all_dy) : Tensor();
    variable_list result{all_dx};
    for (std::size_t i = 0; i < call->updates.size(); ++i) {
      const LoraUpdate& update = call->updates[i];
      const Tensor &seen = saved[4 * i], &inner = saved[4 * i + 1], &a = saved[4 * i + 2], &b = saved[4 * i + 3];
      const Tensor dy = all_dy.narrow(0, update.first_row, update.rows);
      const Tensor dinner = inner_gradient(update.factors, dy, b, update.factors.scale);
      if (all_dx.defined()) add_input_gradient(update, dy, dinner, a, all_dx.narrow(0, update.first_row, update.rows));
      result.insert(result.end(), {at::mm(dinner.t(), seen), b_gradient(update.factors, dy, inner, b)});
    }
    result.emplace_back();  // of the call
    return result;
  }
};

}  // namespace

Tensor lora_linear(const Tensor& x, const FrozenMatrix& weight, const Tensor& bias, std::vector<LoraUpdate> updates) {
  auto call = c10::make_intrusive<LoraCall>();
  Tensors factors;
  for (LoraUpdate& update : updates) {
    factors.push_back(std::exchange(update.factors.a, Tensor()));
    factors.push_back(std::exchange(update.factors.b, Tensor()));
  }
  call->updates = std::move(updates);
  call->weight = weight;
  call->bias = bias;
  return LoraLinear::apply(x.contiguous(), at::TensorList(factors), call);
}

Tensor lora_linear(const Tensor& x, const FrozenMatrix& weight, const Tensor& bias, const LoraFactors& factors,
                   const DropoutMask& mask) {
  return lora_linear(x, weight, bias, {LoraUpdate{factors, mask, 0, x.size(0)}});
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
