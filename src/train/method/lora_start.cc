// lora_start: see lora_start.h.
#include "train/method/lora_start.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "base/rng.h"
#include "train/model/initialize.h"

namespace pegbox::train {

namespace {

using GroupTensors = LoraPlan::GroupTensors;

void start_randomly(const LoraPlan::Group& group, std::size_t part, const LoraPlan& plan, bool gaussian,
                    std::uint64_t seed, Tensor a) {
  const RngKey key{seed,
                   stream_id("lora " + group.modules[part])};  // a stream for each layer, whatever else is adapted
  if (gaussian)
    fill_normal(a, 1 / static_cast<double>(plan.rank()), key);
  else
    fill_uniform(a, 1 / std::sqrt(static_cast<double>(group.inputs)), key);
}

void start_from_singular_values(const Tensor& weight, const LoraOptions& options, Tensor a, Tensor b) {
  const auto [u, s, vh] = at::linalg_svd(weight, /*full_matrices=*/false);
  const Tensor root = (s.narrow(0, 0, options.rank) / options.factor()).sqrt();  // [R]
  a.copy_(root.unsqueeze(1) * vh.narrow(0, 0, options.rank));
  b.copy_(u.narrow(1, 0, options.rank) * root);
}

void start_from_orthogonal(const Tensor& weight, const LoraOptions& options, Tensor a, Tensor b) {
  const auto [q, r] = at::linalg_qr(weight, "reduced");
  a.copy_(r.narrow(0, 0, options.rank));
  b.copy_(q.narrow(1, 0, options.rank));
}

}  // namespace

bool start_changes_base(const std::string& name) { return name == "pissa" || name == "olora"; }

std::vector<GroupTensors> lora_start(const LoraPlan& plan, const std::string& name,
                                     const std::function<Tensor(std::size_t group)>& weight, std::uint64_t seed) {
  std::vector<GroupTensors> starts(plan.groups().size());
  for (std::size_t g = 0; g < starts.size(); ++g) {
    const LoraPlan::Group& group = plan.groups()[g];
    if (group.parts.empty()) continue;
    const std::int64_t rank = plan.rank();
    const Tensor whole = start_changes_base(name) ? weight(g) : Tensor();
    starts[g].a = at::empty({static_cast<std::int64_t>(group.parts.size()) * rank, group.inputs}, at::kFloat);
    starts[g].b = at::zeros({group.rows, rank}, at::kFloat);
    for (std::size_t p = 0; p < group.parts.size(); ++p) {
      const LoraPart& part = group.parts[p];
      const Tensor a = starts[g].a.narrow(0, static_cast<std::int64_t>(p) * rank, rank);
      const Tensor b = starts[g].b.narrow(0, part.factor_row, part.rows);
      if (!start_changes_base(name)) {
        start_randomly(group, p, plan, name == "gaussian", seed, a);
        continue;
      }
      const Tensor rows = whole.narrow(0, part.row, part.rows);
      if (name == "pissa")
        start_from_singular_values(rows, plan.options(), a, b);
      else
        start_from_orthogonal(rows, plan.options(), a, b);
    }
  }
  return starts;
}

}  // namespace pegbox::train
