// DropoutSource: see dropout.h.
#include "train/ops/dropout.h"

#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <stdexcept>

#include "train/kernels/mix.h"

namespace pegbox::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Lets autograd keep a mask until the backward pass.
struct MaskHolder : torch::CustomClassHolder {
  explicit MaskHolder(DropoutMask held) : mask(std::move(held)) {}
  DropoutMask mask;
};

struct Dropout : torch::autograd::Function<Dropout> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const DropoutMask& mask) {
    context->saved_data["mask"] = c10::IValue::make_capsule(c10::make_intrusive<MaskHolder>(mask));
    return masked(x, mask);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto held = c10::static_intrusive_pointer_cast<MaskHolder>(context->saved_data["mask"].toCapsule());
    return {masked(gradients[0].contiguous(), held->mask), Tensor()};
  }
};

}  // namespace

const std::vector<std::int64_t>& DropoutMask::offsets(std::int64_t rows) const {
  const auto found = std::ranges::find(documents->offsets, rows, [](const auto& offsets) { return offsets.back(); });
  if (found == documents->offsets.end()) throw std::logic_error("dropout on rows of which no document is known");
  return *found;
}

kernels::DropoutMask DropoutMask::of(std::size_t document) const {
  return {probability > 0 ? mix(documents->keys[document], site) : 0, probability};
}

void DropoutSource::also_at(std::vector<std::int64_t> offsets) {
  if (documents_) documents_->offsets.push_back(std::move(offsets));
}

DropoutMask DropoutSource::next(double probability) {
  const std::uint64_t site = site_++;
  return {documents_, site, documents_ ? static_cast<float>(probability) : 0};
}

Tensor masked(const Tensor& x, const DropoutMask& mask) {
  if (mask.probability == 0) return x;
  Tensor y = at::empty_like(x, at::MemoryFormat::Contiguous);
  const std::vector<std::int64_t>& offsets = mask.offsets(x.size(0));
  const std::int64_t columns = x.numel() / std::max<std::int64_t>(1, x.size(0));
  const float* const in = x.const_data_ptr<float>();
  float* const out = y.mutable_data_ptr<float>();
  for (std::size_t d = 0; d + 1 < offsets.size(); ++d)
    kernels::dropout((offsets[d + 1] - offsets[d]) * columns, mask.of(d), in + offsets[d] * columns,
                     out + offsets[d] * columns);
  return y;
}

Tensor dropout(const Tensor& x, const DropoutMask& mask) {
  return mask.probability > 0 ? Dropout::apply(x.contiguous(), mask) : x;
}

}  // namespace pegbox::train
