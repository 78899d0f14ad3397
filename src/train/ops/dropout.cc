// DropoutSource: see dropout.h.
#include "train/ops/dropout.h"

#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "train/kernels/mix.h"

namespace pegbox::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Dropout : torch::autograd::Function<Dropout> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const kernels::DropoutMask& mask) {
    context->saved_data["key"] = static_cast<std::int64_t>(mask.key);
    context->saved_data["probability"] = static_cast<double>(mask.probability);
    return masked(x, mask);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const kernels::DropoutMask mask{static_cast<std::uint64_t>(context->saved_data["key"].toInt()),
                                    static_cast<float>(context->saved_data["probability"].toDouble())};
    return {masked(gradients[0].contiguous(), mask), Tensor()};
  }
};

}  // namespace

kernels::DropoutMask DropoutSource::next(double probability) {
  const std::uint64_t site = site_++;
  if (!active_) return {};
  return {mix(key_, site), static_cast<float>(probability)};
}

Tensor masked(const Tensor& x, const kernels::DropoutMask& mask) {
  if (mask.probability == 0) return x;
  Tensor y = at::empty_like(x, at::MemoryFormat::Contiguous);
  kernels::dropout(0, x.numel(), mask, x.const_data_ptr<float>(), y.mutable_data_ptr<float>());
  return y;
}

Tensor dropout(const Tensor& x, const kernels::DropoutMask& mask) {
  return mask.probability > 0 ? Dropout::apply(x.contiguous(), mask) : x;
}

}  // namespace pegbox::train
