// recompute: see recompute.h. As torch.utils.checkpoint with use_reentrant=True, but for what that one cannot do:
// leaves inside the function get their gradients even if no input requires one.
#include "train/ops/recompute.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>
#include <vector>

namespace pegbox::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Segment : torch::CustomClassHolder {
  std::function<Tensors(const Tensors&)> function;
  std::vector<bool> defined;  // of the inputs; autograd gets those alone
  Tensors outputs;            // of the forward pass, without history; handed over to autograd
};

/// The same values as new leaves, which require a gradient where the tensors do.
Tensors leaves_of(const Tensors& tensors) {
  Tensors leaves;
  for (const Tensor& tensor : tensors)
    leaves.push_back(tensor.defined() ? tensor.detach().set_requires_grad(tensor.requires_grad()) : tensor);
  return leaves;
}

struct Recompute : torch::autograd::Function<Recompute> {
  /// `anchor` requires a gradient, so that there is a backward pass; it never gets one.
  static variable_list forward(AutogradContext* context, const Tensor& /*anchor*/, at::TensorList inputs,
                               const c10::intrusive_ptr<Segment>& segment) {
    context->save_for_backward(inputs.vec());
    context->saved_data["segment"] = c10::IValue::make_capsule(segment);
    context->set_materialize_grads(false);
    return std::exchange(segment->outputs, {});
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto segment = c10::static_intrusive_pointer_cast<Segment>(context->saved_data["segment"].toCapsule());
    const Tensors leaves = leaves_of(context->get_saved_variables());
    run_again(*segment, leaves, gradients);
    variable_list result{Tensor()};  // of the anchor
    for (const Tensor& leaf : leaves) result.push_back(leaf.grad());
    result.emplace_back();  // of the segment
    return result;
  }

  /// Leaves gradients in `leaves` and in all others that the function uses.
  static void run_again(const Segment& segment, const Tensors& leaves, const variable_list& gradients) {
    Tensors inputs, outputs, given;
    auto next = leaves.begin();
    for (const bool defined : segment.defined) inputs.push_back(defined ? *next++ : Tensor());
    {
      const at::AutoGradMode with_gradients(true);
      const Tensors all = segment.function(inputs);
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (!gradients[i].defined() || !all[i].requires_grad()) continue;
        outputs.push_back(all[i]);
        given.push_back(gradients[i]);
      }
    }
    torch::autograd::backward(outputs, given);
  }
};

}  // namespace

Tensors recomputed(std::function<Tensors(const Tensors&)> function, const Tensors& inputs) {
  if (!at::GradMode::is_enabled()) return function(inputs);
  auto segment = c10::make_intrusive<Segment>();
  segment->function = std::move(function);
  bool any = false;
  for (const Tensor& output : segment->function(leaves_of(inputs))) {  // its history ends with this loop
    any = any || output.requires_grad();
    segment->outputs.push_back(output.detach());
  }
  if (!any) return std::exchange(segment->outputs, {});
  Tensors given;
  for (const Tensor& input : inputs) {
    segment->defined.push_back(input.defined());
    if (input.defined()) given.push_back(input);
  }
  const Tensor anchor = at::empty({0}, at::kFloat).set_requires_grad(true);
  return Recompute::apply(anchor, at::TensorList(given), segment);
}

}  // namespace pegbox::train
