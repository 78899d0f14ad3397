// frozen_linear: see frozen_matrix.h.
#include "train/ops/frozen_matrix.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>
#include <torch/csrc/autograd/custom_function.h>

namespace pegbox::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct FrozenCall : torch::CustomClassHolder {
  FrozenMatrix matrix;
  Tensor bias;
};

struct FrozenLinear : torch::autograd::Function<FrozenLinear> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const c10::intrusive_ptr<FrozenCall>& call) {
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    const Tensor transposed = call->matrix.values().t();
    return call->bias.defined() ? at::addmm(call->bias, x, transposed) : at::mm(x, transposed);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto call = c10::static_intrusive_pointer_cast<FrozenCall>(context->saved_data["call"].toCapsule());
    return {at::mm(gradients[0], call->matrix.values()), Tensor()};
  }
};

}  // namespace

Tensor frozen_linear(const Tensor& x, const FrozenMatrix& matrix, const Tensor& bias) {
  auto call = c10::make_intrusive<FrozenCall>();
  call->matrix = matrix;
  call->bias = bias;
  return FrozenLinear::apply(x, call);
}

}  // namespace pegbox::train
