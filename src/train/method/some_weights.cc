// some_weights: see some_weights.h.
#include "train/method/some_weights.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

namespace pegbox::train {

namespace {

using Role = TensorSlot::Role;

class SomeWeights final : public Method {
 public:
  SomeWeights(const BaseModel& base, std::string name, std::vector<std::size_t> slots, double dropout)
      : base_(base), name_(std::move(name)), slots_(std::move(slots)), dropout_(dropout) {}

  std::vector<Parameter> parameter_shapes() const override {
    std::vector<Parameter> parameters;
    for (const std::size_t index : slots_) {
      const TensorSlot& slot = layout().slots[index];
      parameters.push_back({.name = slot.name, .value = shape_only(slot.shape), .decay = slot.is_matrix()});
    }
    return parameters;
  }

  std::vector<Parameter> initial_parameters(std::uint64_t /*seed*/) const override {
    std::vector<Parameter> parameters = parameter_shapes();
    for (std::size_t i = 0; i < slots_.size(); ++i) parameters[i].value = base_.weights[slots_[i]].clone();
    return parameters;
  }

  std::unique_ptr<Network> network(const Tensors& values) const override {
    return std::make_unique<PlainNetwork>(layout(), replaced(values));
  }

  ModelDropout model_dropout() const override { return {dropout_, dropout_, dropout_}; }

  Result<void> save(const Path& folder, const Tensors& values) const override {
    NamedTensors arrays;
    for (std::size_t i = 0; i < slots_.size(); ++i)
      for (const Piece& piece : layout().slots[slots_[i]].pieces) {
        const Tensor rows = values[i].narrow(0, piece.row, piece.rows);
        arrays[piece.name] = piece.transposed ? rows.t() : rows;
      }
    return write_adapter(
        folder, kOwnConfig,
        {{"kind", "weights"}, {"format", 1}, {"method", name_}, {"base_model_name_or_path", base_.name}}, arrays);
  }

  Result<Weights> merged(const Tensors& values) const override { return replaced(values); }

 private:
  const ModelLayout& layout() const { return base_.decoder->layout(); }
  Weights replaced(const Tensors& values) const {
    Weights weights = base_.weights;
    for (std::size_t i = 0; i < slots_.size(); ++i) weights[slots_[i]] = values[i];
    return weights;
  }

  const BaseModel& base_;
  std::string name_;
  std::vector<std::size_t> slots_;
  double dropout_;
};

void add_group(const ModelLayout& layout, int index, std::vector<std::size_t>& slots) {
  const LinearGroup& group = layout.groups[static_cast<std::size_t>(index)];
  slots.push_back(static_cast<std::size_t>(group.weight));
  if (group.bias >= 0) slots.push_back(static_cast<std::size_t>(group.bias));
}

}  // namespace

Result<std::unique_ptr<Method>> make_bias(const TrainConfig& config, const BaseModel& base) {
  const ModelLayout& layout = base.decoder->layout();
  std::vector<std::size_t> slots;
  for (std::size_t i = 0; i < layout.slots.size(); ++i)
    if (layout.slots[i].role == Role::Bias || layout.slots[i].role == Role::NormBias) slots.push_back(i);
  if (slots.empty())
    return fail(ErrorKind::InvalidInput,
                {.where = "method",
                 .what = fmt::format("a model of the family {} has no biases to train", base.decoder->config().family),
                 .got = "bias",
                 .expected = "a model with biases, such as gpt2, or another method",
                 .hint = "method ia3 trains about as few numbers"});
  return std::make_unique<SomeWeights>(base, "bias", std::move(slots), config.dropout);
}

Result<std::unique_ptr<Method>> make_last_k(const TrainConfig& config, const BaseModel& base) {
  const ModelLayout& layout = base.decoder->layout();
  const auto layers = static_cast<std::int64_t>(layout.layers.size());
  if (config.last_layers > layers)
    return fail(ErrorKind::InvalidInput, {.where = "last_layers",
                                          .what = "the model has fewer layers",
                                          .got = fmt::format("{}", config.last_layers),
                                          .expected = fmt::format("at most {}", layers)});
  std::vector<std::size_t> slots;
  for (auto i = static_cast<std::size_t>(layers - config.last_layers); i < layout.layers.size(); ++i) {
    const LayerSlots& layer = layout.layers[i];
    for (const int slot : layer.norms()) slots.push_back(static_cast<std::size_t>(slot));
    for (const int group : layer.groups()) add_group(layout, group, slots);
  }
  for (const int slot : {layout.final_norm.gain, layout.final_norm.bias})
    if (slot >= 0) slots.push_back(static_cast<std::size_t>(slot));
  return std::make_unique<SomeWeights>(base, "last_k", std::move(slots), config.dropout);
}

Result<Adapter> read_some_weights(AdapterFolder& folder, const BaseModel& base) {
  const ModelLayout& layout = base.decoder->layout();
  Adapter adapter;
  std::vector<std::size_t> slots;
  for (std::size_t i = 0; i < layout.slots.size(); ++i) {
    if (!folder.arrays().contains(layout.slots[i].pieces.front().name)) continue;
    const Tensor value = at::empty(layout.slots[i].shape, at::kFloat);
    for (const Piece& piece : layout.slots[i].pieces) {
      const Tensor rows = value.narrow(0, piece.row, piece.rows);
      PEGBOX_CHECK(folder.copy(piece.name, piece.transposed ? rows.t() : rows));
    }
    slots.push_back(i);
    adapter.values.push_back(value);
  }
  PEGBOX_CHECK(folder.check_all_used());
  const Json method = folder.value("method");
  adapter.method = std::make_unique<SomeWeights>(base, method.is_string() ? method.get<std::string>() : "weights",
                                                 std::move(slots), 0.0);
  return adapter;
}

}  // namespace pegbox::train
