// merged_lora: see merged_lora.h.
#include "train/method/merged_lora.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "train/method/lora.h"

namespace pegbox::train {

namespace {

constexpr const char* kResult = "the merged adapter";

/// What is read of an adapter's config.
struct Source {
  const WeightedAdapter* adapter = nullptr;
  std::int64_t rank = 0;
  double factor = 1;  ///< of B A
};

/// The update that an adapter has of one linear layer.
struct Update {
  Tensor a, b;  ///< [R, I], [O, R], fp32
  double weight = 1, factor = 1;
  std::uint64_t source = 0;
};

struct Factors {
  Tensor a, b;
};

Result<Source> read_source(const WeightedAdapter& adapter, const BaseModel& base) {
  const AdapterFolder& folder = adapter.folder;
  if (!folder.is_peft() || folder.kind() != "LORA")
    return folder.refuse("only updates of LoRA are merged", folder.kind(), "peft_type LORA");
  if (folder.value("use_dora") == true)
    return folder.refuse("trained lengths of rows (DoRA) are no sum of updates", "use_dora", "an adapter without");
  AdapterFolder copy = folder;
  PEGBOX_CHECK(read_lora(copy, base));  // arrays and shapes are this base's
  PEGBOX_TRY(const std::int64_t rank, folder.integer("r", 1));
  PEGBOX_TRY(const double alpha, folder.real("lora_alpha"));
  const auto width = static_cast<double>(rank);
  return Source{&adapter, rank, alpha / (folder.value("use_rslora") == true ? std::sqrt(width) : width)};
}

Result<void> check_sources(const std::vector<Source>& sources, const MergeRule& rule) {
  const auto list = [&](auto what) {
    std::vector<std::string> each;
    for (const Source& source : sources) each.push_back(fmt::format("{}: {}", source.adapter->name, what(source)));
    return fmt::format("{}", fmt::join(each, ", "));
  };
  const auto rank_of = [](const Source& source) { return source.rank; };
  const auto is_nf4 = [](const Source& source) { return source.adapter->folder.base_is_nf4(); };
  const bool same_rank =
      std::ranges::all_of(sources, [&](const Source& source) { return source.rank == sources.front().rank; });
  if (rule.part == MergedPart::Factors && !same_rank)
    return fail(ErrorKind::InvalidInput, {.where = "merge",
                                          .what = fmt::format("{} adds factors, which have one rank", rule.name),
                                          .got = list(rank_of),
                                          .expected = "adapters of the same rank, cat, or a rule that ends in svd"});
  if (std::ranges::any_of(sources, is_nf4) && !std::ranges::all_of(sources, is_nf4))
    return fail(ErrorKind::InvalidInput,
                {.where = "merge",
                 .what = "some of the adapters were trained beside weights in 4 bits, others were not",
                 .got = list([&](const Source& source) { return is_nf4(source) ? "4 bits" : "as they are"; }),
                 .expected = "adapters of one base"});
  return {};
}

std::vector<Update> updates_of(const std::vector<Source>& sources, const std::string& module) {
  std::vector<Update> updates;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const NamedTensors& arrays = sources[i].adapter->folder.arrays();
    const auto a = arrays.find(factor_key(module, 'A')), b = arrays.find(factor_key(module, 'B'));
    if (a == arrays.end() || b == arrays.end()) continue;
    updates.push_back({a->second.to(at::kFloat).contiguous(), b->second.to(at::kFloat).contiguous(),
                       sources[i].adapter->weight, sources[i].factor, i});
  }
  return updates;
}

/// Zeros around a tensor, so that it has this size.
Tensor with_zeros(const Tensor& tensor, std::int64_t rows, std::int64_t columns) {
  const Tensor whole = at::zeros({rows, columns}, tensor.options());
  whole.narrow(0, 0, tensor.size(0)).narrow(1, 0, tensor.size(1)).copy_(tensor);
  return whole;
}

Factors stacked(const std::vector<Update>& updates) {
  Tensors a, b;
  for (const Update& update : updates) {
    a.push_back(update.a * (update.weight * update.factor));
    b.push_back(update.b);
  }
  return {at::cat(a), at::cat(b, 1)};
}

/// The best approximation of a matrix by one of this rank: A = Vᵀ, B = U S.
Factors decomposed(const Tensor& matrix, std::int64_t rank) {
  const auto [u, s, vh] = at::linalg_svd(matrix, /*full_matrices=*/false);
  const std::int64_t kept = std::min(rank, s.size(0));
  return {vh.narrow(0, 0, kept), u.narrow(1, 0, kept) * s.narrow(0, 0, kept)};
}

/// The rule at work on one layer.
class LayerMerge {
 public:
  LayerMerge(const LoraMerge& merge, const std::string& module, std::int64_t rank)
      : merge_(merge), rule_(merge_rule(merge.rule)), module_(module), rank_(rank) {}

  Factors operator()(const std::vector<Update>& updates) const {
    if (rule_.part == MergedPart::Stack) return stacked(updates);
    std::vector<WeightedTensor> a, b, whole;
    for (const Update& update : updates) {
      const double weight = update.weight * update.factor, root = std::sqrt(std::abs(weight));  // of each factor
      if (rule_.part == MergedPart::Update) {
        whole.push_back({at::matmul(update.b, update.a) * update.factor, update.weight, key("update", update)});
        continue;
      }
      a.push_back({update.a, std::copysign(root, weight), key("A", update)});
      b.push_back({update.b, root, key("B", update)});
    }
    if (rule_.part == MergedPart::Update) return decomposed(merge_tensors(whole, rule_, merge_.options), rank_);
    return {merge_tensors(a, rule_, merge_.options), merge_tensors(b, rule_, merge_.options)};
  }

 private:
  RngKey key(const char* what, const Update& update) const {
    return {merge_.seed, stream_id(fmt::format("merge {} {}", module_, what)), update.source};
  }

  const LoraMerge& merge_;
  const MergeRule& rule_;
  const std::string& module_;
  std::int64_t rank_;
};

std::int64_t rank_of(const std::vector<Source>& sources, const LoraMerge& merge) {
  const MergedPart part = merge_rule(merge.rule).part;
  if (part == MergedPart::Update && merge.rank > 0) return merge.rank;
  std::int64_t sum = 0, most = 0;
  for (const Source& source : sources) {
    sum += source.rank;
    most = std::max(most, source.rank);
  }
  return part == MergedPart::Stack ? sum : most;
}

}  // namespace

Result<AdapterFolder> merge_lora(const std::vector<WeightedAdapter>& adapters, const LoraMerge& merge,
                                 const BaseModel& base) {
  if (!base.decoder->config().labels.empty())
    return fail(ErrorKind::Unsupported, {.where = "merge",
                                         .what = "adapters of classifiers have heads, which are not merged",
                                         .expected = "adapters of a language model"});
  std::vector<Source> sources;
  for (const WeightedAdapter& adapter : adapters) {
    PEGBOX_TRY(sources.emplace_back(), read_source(adapter, base));
  }
  PEGBOX_CHECK(check_sources(sources, merge_rule(merge.rule)));
  const std::int64_t rank = rank_of(sources, merge);
  NamedTensors arrays;
  for (const LinearGroup& group : base.decoder->layout().groups)
    for (const LinearPart& part : group.parts) {
      const std::vector<Update> updates = updates_of(sources, part.module);
      if (updates.empty()) continue;
      const Factors merged = LayerMerge(merge, part.module, rank)(updates);
      arrays[factor_key(part.module, 'A')] = with_zeros(merged.a, rank, merged.a.size(1));
      arrays[factor_key(part.module, 'B')] = with_zeros(merged.b, merged.b.size(0), rank);
    }
  Json config = peft_config("LORA", base);
  config.update({{"r", rank}, {"lora_alpha", rank}, {"lora_dropout", 0.0}});
  return AdapterFolder::made(kResult, std::move(config), std::move(arrays),
                             sources.front().adapter->folder.base_is_nf4());
}

}  // namespace pegbox::train
