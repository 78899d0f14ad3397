// MergeRule: see merge_rule.h.
#include "train/method/merge_rule.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/topk.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <array>
#include <cassert>

namespace pegbox::train {

namespace {

constexpr std::array<MergeRule, 11> kRules = {{
    {.name = "linear"},
    {.name = "cat", .part = MergedPart::Stack},
    {.name = "svd", .part = MergedPart::Update},
    {.name = "ties", .thinning = Thinning::Largest, .elects_sign = true},
    {.name = "ties_svd", .thinning = Thinning::Largest, .elects_sign = true, .part = MergedPart::Update},
    {.name = "dare_linear", .thinning = Thinning::Random},
    {.name = "dare_linear_svd", .thinning = Thinning::Random, .part = MergedPart::Update},
    {.name = "dare_ties", .thinning = Thinning::Random, .elects_sign = true},
    {.name = "dare_ties_svd", .thinning = Thinning::Random, .elects_sign = true, .part = MergedPart::Update},
    {.name = "magnitude_prune", .thinning = Thinning::Largest},
    {.name = "magnitude_prune_svd", .thinning = Thinning::Largest, .part = MergedPart::Update},
}};

Tensor largest_part(const Tensor& values, double density) {
  const Tensor flat = values.reshape({-1});
  const auto count = static_cast<std::int64_t>(density * static_cast<double>(flat.numel()));
  Tensor mask = at::zeros_like(flat);
  mask.index_fill_(0, std::get<1>(at::topk(flat.abs(), count)), 1);
  return (flat * mask).reshape(values.sizes());
}

Tensor by_chance(const Tensor& values, double density, const RngKey& key) {
  const Tensor mask = at::empty_like(values, at::MemoryFormat::Contiguous);
  Rng rng(key);
  float* const numbers = mask.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < mask.numel(); ++i) numbers[i] = rng.uniform() < density ? 1.0f : 0.0f;
  return values * mask / density;
}

Tensor thinned(const WeightedTensor& tensor, Thinning thinning, double density) {
  if (thinning == Thinning::None || density >= 1) return tensor.values;
  return thinning == Thinning::Largest ? largest_part(tensor.values, density)
                                       : by_chance(tensor.values, density, tensor.key);
}

}  // namespace

std::vector<std::string_view> merge_rule_names() {
  std::vector<std::string_view> names;
  for (const MergeRule& rule : kRules) names.push_back(rule.name);
  return names;
}

const MergeRule& merge_rule(std::string_view name) {
  const auto* const rule = std::ranges::find(kRules, name, &MergeRule::name);
  assert(rule != kRules.end());
  return *rule;
}

Tensor merge_tensors(const std::vector<WeightedTensor>& tensors, const MergeRule& rule, const MergeOptions& options) {
  Tensors kept;
  std::vector<float> weights;
  for (const WeightedTensor& tensor : tensors) {
    kept.push_back(thinned(tensor, rule.thinning, options.density));
    weights.push_back(static_cast<float>(tensor.weight));
  }
  const Tensor all = at::stack(kept);  // [n, ...]
  std::vector<std::int64_t> shape(static_cast<std::size_t>(all.dim()), 1);
  shape.front() = all.size(0);
  const Tensor weighted = all * at::tensor(weights).reshape(shape);
  if (!rule.elects_sign) return weighted.sum(0);
  const Tensor votes = options.counts_signs ? all.sign().sum(0) : all.sum(0);
  const Tensor agree = all.sign() == at::where(votes >= 0, at::ones_like(votes), -at::ones_like(votes));
  return (weighted * agree).sum(0) / agree.sum(0).clamp_min(1);
}

}  // namespace pegbox::train
