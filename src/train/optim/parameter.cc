// Parameter: see parameter.h. Rates fall with the distance from the head as in ELECTRA and BEiT: the head and the last
// norm count as one layer above the last, tables of embeddings as one below the first.
#include "train/optim/parameter.h"

#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <string_view>

#include "train/method/lora_plan.h"
#include "train/model/parametrization.h"

namespace pegbox::train {

namespace {

/// How many layers lie above each slot: 0 for the head and the last norm.
std::vector<std::int64_t> layers_above(const ModelLayout& layout) {
  const auto layers = static_cast<std::int64_t>(layout.layers.size());
  std::vector<std::int64_t> above(layout.slots.size(), 0);
  const auto set = [&](int slot, std::int64_t count) {
    if (slot >= 0) above[static_cast<std::size_t>(slot)] = count;
  };
  for (std::int64_t i = 0; i < layers; ++i) {
    const LayerSlots& layer = layout.layers[static_cast<std::size_t>(i)];
    for (const int slot : layer.norms()) set(slot, layers - i);
    for (const int index : layer.groups()) {
      set(layout.groups[static_cast<std::size_t>(index)].weight, layers - i);
      set(layout.groups[static_cast<std::size_t>(index)].bias, layers - i);
    }
  }
  set(layout.embedding, layers + 1);
  set(layout.positions, layers + 1);
  return above;
}

ParameterKind kind_of(const ModelLayout& layout, int slot) {
  using Role = TensorSlot::Role;
  if (slot == layout.embedding || slot == layout.positions || slot == layout.head) return ParameterKind::Table;
  const Role role = layout.slots[static_cast<std::size_t>(slot)].role;
  if (role == Role::NormWeight || role == Role::NormBias) return ParameterKind::Norm;
  return role == Role::Bias ? ParameterKind::Bias : ParameterKind::Matrix;
}

bool decays(ParameterKind kind, const DecayExclusions& excluded) {
  switch (kind) {
    case ParameterKind::Norm:
      return !excluded.norms;
    case ParameterKind::Bias:
      return !excluded.biases;
    case ParameterKind::Table:
      return !excluded.embeddings;
    case ParameterKind::Matrix:
      return true;
  }
  return true;
}

/// The number in "PREFIX.N. ..."; -1 if the name is another.
int number_after(std::string_view prefix, std::string_view name) {
  int number = -1;
  if (name.starts_with(prefix)) std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
  return number;
}

/// Heights of the factors that lie in one parameter, one for each adapted layer of the group.
std::vector<std::int64_t> factor_rows(const TrainConfig& config, const LinearGroup& group, const Parameter& parameter) {
  std::vector<std::int64_t> rows;
  for (const LinearPart& part : group.parts)
    if (is_targeted(config.target, part)) rows.push_back(part.rows);
  if (parameter.name.ends_with(".lora_A")) std::ranges::fill(rows, config.rank);
  const bool fits = std::accumulate(rows.begin(), rows.end(), std::int64_t{0}) == parameter.value.size(0);
  return fits && rows.size() > 1 ? rows : std::vector<std::int64_t>();
}

class Completion {
 public:
  Completion(const TrainConfig& config, const ModelLayout& layout)
      : config_(config),
        layout_(layout),
        excluded_(DecayExclusions::read(config.decay_exclude).value_or(DecayExclusions{})),
        above_(layers_above(layout)) {}

  void complete(Parameter& parameter) const {
    const auto slot = std::ranges::find(layout_.slots, parameter.name, &TensorSlot::name);
    if (slot != layout_.slots.end()) return complete_slot(parameter, static_cast<int>(slot - layout_.slots.begin()));
    if (parameter.value.dim() < 2) parameter.kind = ParameterKind::Bias;
    const int group = number_after("group.", parameter.name), layer = number_after("layers.", parameter.name);
    if (group >= 0 && static_cast<std::size_t>(group) < layout_.groups.size()) {
      const LinearGroup& linear = layout_.groups[static_cast<std::size_t>(group)];
      scale(parameter, above_[static_cast<std::size_t>(linear.weight)]);
      if (parameter.value.dim() == 2) parameter.rows = factor_rows(config_, linear, parameter);
    } else if (layer >= 0) {
      scale(parameter, static_cast<std::int64_t>(layout_.layers.size()) - layer);
    }
    if (parameter.name.ends_with(".lora_B")) parameter.rate *= config_.lora_b_rate;
  }

 private:
  void complete_slot(Parameter& parameter, int index) const {
    const TensorSlot& slot = layout_.slots[static_cast<std::size_t>(index)];
    parameter.kind = kind_of(layout_, index);
    parameter.decay = decays(parameter.kind, excluded_);
    if (slot.pieces.size() > 1 && slot.is_matrix())
      for (const Piece& piece : slot.pieces) parameter.rows.push_back(piece.rows);
    scale(parameter, above_[static_cast<std::size_t>(index)]);
    if (parameter.kind != ParameterKind::Matrix) return;
    const double rate = Parametrization::of(config_).matrix_rate(width());
    parameter.rate *= rate;
    parameter.decay_factor /= rate;
  }

  std::int64_t width() const { return layout_.slots[static_cast<std::size_t>(layout_.embedding)].shape[1]; }

  void scale(Parameter& parameter, std::int64_t above) const {
    parameter.rate *= std::pow(config_.layer_rate_decay, static_cast<double>(above));
  }

  const TrainConfig& config_;
  const ModelLayout& layout_;
  DecayExclusions excluded_;
  std::vector<std::int64_t> above_;  // [slots]
};

}  // namespace

Result<DecayExclusions> DecayExclusions::read(const std::string& text) {
  DecayExclusions excluded;
  for (const std::string& word : names_in(text)) {
    if (word == "norms") {
      excluded.norms = true;
    } else if (word == "biases") {
      excluded.biases = true;
    } else if (word == "embeddings") {
      excluded.embeddings = true;
    } else if (text != "none") {
      return fail(ErrorKind::InvalidInput, {.where = "decay_exclude",
                                            .what = "nothing of this name can be kept from decay",
                                            .got = word,
                                            .expected = "some of norms, biases, embeddings, or none"});
    }
  }
  return excluded;
}

double weight_decay_of(const TrainConfig& config, const Parameter& parameter) {
  return parameter.decay ? config.weight_decay * parameter.decay_factor : 0;
}

void complete_parameters(const TrainConfig& config, const ModelLayout& layout, std::vector<Parameter>& parameters) {
  const Completion completion(config, layout);
  for (Parameter& parameter : parameters) completion.complete(parameter);
}

Tensors ParameterGroup::pick(const Tensors& all) const {
  Tensors own;
  for (const std::size_t index : indices) own.push_back(all[index]);
  return own;
}

Tensors ParameterGroup::zeros() const {
  Tensors zeros;
  for (const Tensor& value : values) zeros.push_back(at::zeros_like(value));
  return zeros;
}

std::vector<ParameterGroup> group_parameters(const TrainConfig& config, const std::vector<Parameter>& parameters) {
  std::vector<ParameterGroup> groups;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = parameters[i];
    const double decay = weight_decay_of(config, parameter);
    auto group = std::ranges::find_if(
        groups, [&](const ParameterGroup& each) { return each.decay == decay && each.rate == parameter.rate; });
    if (group == groups.end()) {
      groups.push_back({.indices = {}, .names = {}, .values = {}, .decay = decay, .rate = parameter.rate});
      group = groups.end() - 1;
    }
    group->indices.push_back(i);
    group->names.push_back(parameter.name);
    group->values.push_back(parameter.value.detach());
  }
  return groups;
}

Tensors pieces_of(const Parameter& parameter, const Tensor& tensor) {
  if (parameter.rows.empty()) return {tensor};
  Tensors pieces;
  std::int64_t first = 0;
  for (const std::int64_t rows : parameter.rows) {
    pieces.push_back(tensor.narrow(0, first, rows));
    first += rows;
  }
  return pieces;
}

}  // namespace pegbox::train
