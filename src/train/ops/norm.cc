// norm: see norm.h.
#include "train/ops/norm.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <array>

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

/// Calls `function` with the rows, of one head each, of all queries (gain 0), and of all keys (gain 1).
template <class Function>
void for_each_head_run(const Tensor& packed, std::int64_t heads, std::int64_t kv_heads, Function&& function) {
  const std::int64_t all = heads + 2 * kv_heads, width = packed.size(1) / all;
  for (std::int64_t first = 0; first < packed.size(0) * all; first += all) {
    function(0, kernels::Rows{first, first + heads, width});
    function(1, kernels::Rows{first + heads, first + heads + kv_heads, width});
  }
}

struct HeadRmsNorms : torch::autograd::Function<HeadRmsNorms> {
  static Tensor forward(AutogradContext* context, const Tensor& packed, const Tensor& query_gain,
                        const Tensor& key_gain, std::int64_t heads, std::int64_t kv_heads, double epsilon) {
    const std::array<const float*, 2> gains = {read(query_gain), read(key_gain)};
    Tensor y = packed.clone(), scale = at::empty({packed.size(0) * (heads + 2 * kv_heads)}, packed.options());
    for_each_head_run(packed, heads, kv_heads, [&](std::size_t gain, kernels::Rows rows) {
      kernels::rms_norm(rows, read(packed), nullptr, gains[gain], static_cast<float>(epsilon), nullptr, write(y),
                        write(scale));
    });
    context->save_for_backward({packed, query_gain, key_gain, scale});
    context->saved_data["heads"] = heads;
    context->saved_data["kv_heads"] = kv_heads;
    return y;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const std::array<const float*, 2> gains = {read(saved[1]), read(saved[2])};
    const Tensor dy = gradients[0].contiguous();
    Tensor dx = dy.clone();
    std::array<Tensor, 2> dgains;
    for (const std::size_t gain : {0, 1})
      if (context->needs_input_grad(1 + gain)) dgains[gain] = at::zeros_like(saved[1 + gain]);
    for_each_head_run(dy, context->saved_data["heads"].toInt(), context->saved_data["kv_heads"].toInt(),
                      [&](std::size_t gain, kernels::Rows rows) {
                        kernels::rms_norm_backward(rows, read(saved[0]), gains[gain], read(saved[3]), read(dy), nullptr,
                                                   write(dx), write(dgains[gain]));
                      });
    return {dx, dgains[0], dgains[1], Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

std::pair<Tensor, Tensor> residual_rms_norm(const Tensor& x, const Tensor& delta, const Tensor& weight,
                                            double epsilon) {
  if (!delta.defined()) return {x, RmsNorm::apply(x.contiguous(), weight, epsilon)};
  auto outputs = ResidualRmsNorm::apply(x.contiguous(), delta.contiguous(), weight, epsilon);
  return {std::move(outputs[0]), std::move(outputs[1])};
}

Tensor head_rms_norms(const Tensor& packed, const Tensor& query_gain, const Tensor& key_gain, std::int64_t heads,
                      std::int64_t kv_heads, double epsilon) {
  return HeadRmsNorms::apply(packed.contiguous(), query_gain, key_gain, heads, kv_heads, epsilon);
}

}  // namespace pegbox::train
