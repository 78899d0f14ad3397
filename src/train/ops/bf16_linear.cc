// bf16_linear: see bf16_linear.h.
#include "train/ops/bf16_linear.h"

#include <ATen/TensorOperators.h>
#include <torch/csrc/autograd/custom_function.h>

#include "train/ops/bf16_product.h"

namespace pegbox::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Bf16Linear : torch::autograd::Function<Bf16Linear> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight) {
    const Tensor rounded = bf16_rows(x);
    context->save_for_backward({rounded, weight});
    return bf16_product(rounded, weight.t(), x.size(0));
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], dy = bf16_rows(gradients[0]);
    return {context->needs_input_grad(0) ? bf16_product(dy, weight, gradients[0].size(0)) : Tensor(),
            context->needs_input_grad(1) ? bf16_product(dy.t(), x, weight.size(0)) : Tensor()};
  }
};

}  // namespace

Tensor bf16_linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const Tensor y = Bf16Linear::apply(x, weight);
  return bias.defined() ? y + bias : y;
}

}  // namespace pegbox::train
