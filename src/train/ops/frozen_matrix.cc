// frozen_linear: see frozen_matrix.h.
#include "train/ops/frozen_matrix.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>
#include <torch/csrc/autograd/custom_function.h>

#include "train/ops/bf16_product.h"

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
    return call->matrix.times_transposed(x, call->bias);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto call = c10::static_intrusive_pointer_cast<FrozenCall>(context->saved_data["call"].toCapsule());
    return {call->matrix.times(gradients[0]), Tensor()};
  }
};

}  // namespace

bool FrozenMatrix::is_bf16() const { return values_.defined() && values_.scalar_type() == at::kBFloat16; }

Tensor FrozenMatrix::values() const { return decode_ ? decode_() : values_.to(at::kFloat); }

Tensor FrozenMatrix::times_transposed(const Tensor& x, const Tensor& bias) const {
  if (is_bf16()) {
    const Tensor y = bf16_product(bf16_rows(x), values_.t(), x.size(0));
    return bias.defined() ? y.add_(bias) : y;
  }
  const Tensor transposed = values().t();
  return bias.defined() ? at::addmm(bias, x, transposed) : at::mm(x, transposed);
}

Tensor FrozenMatrix::times(const Tensor& dy) const {
  return is_bf16() ? bf16_product(bf16_rows(dy), values_, dy.size(0)) : at::mm(dy, values());
}

Tensor frozen_linear(const Tensor& x, const FrozenMatrix& matrix, const Tensor& bias) {
  auto call = c10::make_intrusive<FrozenCall>();
  call->matrix = matrix;
  call->bias = bias;
  return FrozenLinear::apply(x, call);
}

}  // namespace pegbox::train
