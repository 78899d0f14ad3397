// LoraPlan: see lora_plan.h.
#include "train/method/lora_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "train/train_config.h"

namespace pegbox::train {

namespace {

bool is_kind(const std::string& name) {
  return name == "all" || name == "attention" || name == "feed_forward" || name == "mlp";
}

tl::unexpected<Error> unknown_target(std::string what, std::string got, const ModelLayout& layout) {
  return fail(ErrorKind::InvalidInput, {.where = "target",
                                        .what = std::move(what),
                                        .got = std::move(got),
                                        .expected = fmt::format("all, attention, feed_forward (or mlp) or some of {}",
                                                                fmt::join(layout.targets(), ", "))});
}

std::int64_t limit_of(const LoraPlan::Group& group, std::size_t part) {
  return std::min(group.inputs, group.parts[part].rows);
}

}  // namespace

bool is_targeted(const std::string& target, const LinearPart& part) {
  return std::ranges::any_of(names_in(target), [&](const std::string& name) {
    return name == "all" || name == part.target ||
           (part.attention ? name == "attention" : name == "feed_forward" || name == "mlp");
  });
}

double LoraOptions::factor() const { return rank_stabilized ? scale * std::sqrt(static_cast<double>(rank)) : scale; }

void LoraPlan::add(Group& planned, const LinearGroup& group, const LinearPart& part) {
  planned.inputs = group.inputs;
  planned.parts.push_back({part.row, part.rows, planned.rows});
  planned.modules.push_back(part.module);
  planned.rows += part.rows;
}

Result<LoraPlan> LoraPlan::create(const ModelLayout& layout, const std::string& target, const LoraOptions& options) {
  const std::vector<std::string> known = layout.targets();
  for (const std::string& name : names_in(target))
    if (!is_kind(name) && std::ranges::find(known, name) == known.end())
      return unknown_target("the model has no such linear layer", name, layout);
  LoraPlan plan(layout, options, [&](const LinearPart& part) { return is_targeted(target, part); });
  if (plan.empty()) return unknown_target("no linear layer is named", target, layout);
  if (const Limit limit = plan.largest_limit(); options.rank > limit.rank)
    return fail(ErrorKind::InvalidInput,
                {.where = "rank",
                 .what = "no layer's matrix has as many dimensions",
                 .got = fmt::format("{}", options.rank),
                 .expected = fmt::format("at most {}, which {} can use", limit.rank, limit.module)});
  return plan;
}

bool LoraPlan::empty() const {
  return std::ranges::all_of(groups_, [](const Group& group) { return group.parts.empty(); });
}

std::vector<std::string> LoraPlan::modules() const {
  std::vector<std::string> all;
  for (const Group& group : groups_) all.insert(all.end(), group.modules.begin(), group.modules.end());
  return all;
}

LoraPlan::Limit LoraPlan::least_limit() const {
  Limit least;
  for (const Group& group : groups_)
    for (std::size_t p = 0; p < group.parts.size(); ++p)
      if (least.module.empty() || limit_of(group, p) < least.rank) least = {group.modules[p], limit_of(group, p)};
  return least;
}

LoraPlan::Limit LoraPlan::largest_limit() const {
  Limit largest;
  for (const Group& group : groups_)
    for (std::size_t p = 0; p < group.parts.size(); ++p)
      if (limit_of(group, p) > largest.rank) largest = {group.modules[p], limit_of(group, p)};
  return largest;
}

std::vector<LoraPlan::GroupTensors> LoraPlan::tensors(const Tensors& values) const {
  std::vector<GroupTensors> tensors(groups_.size());
  auto next = values.begin();
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    if (groups_[g].parts.empty()) continue;
    tensors[g].a = *next++;
    tensors[g].b = *next++;
    if (options_.magnitudes) tensors[g].magnitude = *next++;
  }
  return tensors;
}

LoraFactors LoraPlan::factors(std::size_t group, const GroupTensors& tensors, const GroupTensors& start) const {
  return {tensors.a, tensors.b, groups_[group].parts, options_.rank, options_.factor(), start.a, start.b};
}

}  // namespace pegbox::train
