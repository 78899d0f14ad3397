// gate: see gate.h.
#include "train/ops/gate.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "train/kernels/row_kernels.h"

namespace pegbox::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

using Gate = void (*)(kernels::Rows, const float* gate_up, float* y);
using GateBackward = void (*)(kernels::Rows, const float* gate_up, const float* dy, float* dgate_up);

template <Gate gate, GateBackward gate_backward>
struct GateOf : torch::autograd::Function<GateOf<gate, gate_backward>> {
  static Tensor forward(AutogradContext* context, const Tensor& gate_up) {
    const std::int64_t rows = gate_up.size(0), width = gate_up.size(1) / 2;
    Tensor y = at::empty({rows, width}, gate_up.options());
    gate({0, rows, width}, gate_up.const_data_ptr<float>(), y.mutable_data_ptr<float>());
    context->save_for_backward({gate_up});
    return y;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const Tensor gate_up = context->get_saved_variables()[0], dy = gradients[0].contiguous();
    Tensor dgate_up = at::empty_like(gate_up);
    gate_backward({0, dy.size(0), dy.size(1)}, gate_up.const_data_ptr<float>(), dy.const_data_ptr<float>(),
                  dgate_up.mutable_data_ptr<float>());
    return {dgate_up};
  }
};

}  // namespace

Tensor silu_gate(const Tensor& gate_up) {
  return GateOf<kernels::silu_gate, kernels::silu_gate_backward>::apply(gate_up.contiguous());
}

Tensor gelu_gate(const Tensor& gate_up) {
  return GateOf<kernels::gelu_gate, kernels::gelu_gate_backward>::apply(gate_up.contiguous());
}

}  // namespace pegbox::train
