// norm: see norm.h.
#include "train/ops/norm.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "train/kernels/row_kernels.h"

namespace pegbox::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

const float* read(const Tensor& tensor) { return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr; }
float* write(const Tensor& tensor) { return tensor.defined() ? tensor.mutable_data_ptr<float>() : nullptr; }

kernels::Rows all_rows(const Tensor& x) { return {0, x.size(0), x.size(1)}; }

struct RmsNorm : torch::autograd::Function<RmsNorm> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, double epsilon) {
    Tensor y = at::empty_like(x), scale = at::empty({x.size(0)}, x.options());
    kernels::rms_norm(all_rows(x), read(x), nullptr, read(weight), static_cast<float>(epsilon), nullptr, write(y),
                      write(scale));
    context->save_for_backward({x, weight, scale});
    return y;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor dy = gradients[0].contiguous();
    Tensor dx = at::empty_like(saved[0]), dweight;
    if (context->needs_input_grad(1)) dweight = at::zeros_like(saved[1]);
    kernels::rms_norm_backward(all_rows(dx), read(saved[0]), read(saved[1]), read(saved[2]), read(dy), nullptr,
                               write(dx), write(dweight));
    return {dx, dweight, Tensor()};
  }
};

struct ResidualRmsNorm : torch::autograd::Function<ResidualRmsNorm> {
  static variable_list forward(AutogradContext* context, const Tensor& x, const Tensor& delta, const Tensor& weight,
                               double epsilon) {
    Tensor sum = at::empty_like(x), y = at::empty_like(x), scale = at::empty({x.size(0)}, x.options());
    kernels::rms_norm(all_rows(x), read(x), read(delta), read(weight), static_cast<float>(epsilon), write(sum),
                      write(y), write(scale));
    context->save_for_backward({sum, weight, scale});
    context->set_materialize_grads(false);
    return {sum, y};
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    if (!gradients[1].defined()) return {gradients[0], gradients[0], Tensor(), Tensor()};
    const Tensor dy = gradients[1].contiguous();
    const Tensor dsum = gradients[0].defined() ? gradients[0].contiguous() : Tensor();
    Tensor dx = at::empty_like(saved[0]), dweight;
    if (context->needs_input_grad(2)) dweight = at::zeros_like(saved[1]);
    kernels::rms_norm_backward(all_rows(dx), read(saved[0]), read(saved[1]), read(saved[2]), read(dy), read(dsum),
                               write(dx), write(dweight));
    return {dx, dx, dweight, Tensor()};
  }
};

}  // namespace

std::pair<Tensor, Tensor> residual_rms_norm(const Tensor& x, const Tensor& delta, const Tensor& weight,
                                            double epsilon) {
  if (!delta.defined()) return {x, RmsNorm::apply(x.contiguous(), weight, epsilon)};
  auto outputs = ResidualRmsNorm::apply(x.contiguous(), delta.contiguous(), weight, epsilon);
  return {std::move(outputs[0]), std::move(outputs[1])};
}

}  // namespace pegbox::train
