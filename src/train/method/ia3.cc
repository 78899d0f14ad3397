// ia3: see ia3.h.
#include "train/method/ia3.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <fmt/format.h>

#include <algorithm>

namespace pegbox::train {

namespace {

/// A linear layer with gains: of its inputs, or of its outputs, the bias included.
struct Gained {
  std::size_t group, part;
  bool of_input;
};

class Ia3Network final : public PlainNetwork {
 public:
  Ia3Network(const ModelLayout& layout, const Weights& base, const std::vector<Gained>& gained, const Tensors& values)
      : PlainNetwork(layout, base), gained_(gained), values_(values) {}

  Tensor linear(int index, const Tensor& x, DropoutSource& dropout) const override {
    const LinearGroup& layer = group(index);
    Tensor seen = x;
    Tensors pieces;  // gains of the output rows
    std::int64_t row = 0;
    const auto plain_until = [&](std::int64_t end) {
      if (end > row) pieces.push_back(at::ones({end - row}, x.options()));
    };
    for (std::size_t i = 0; i < gained_.size(); ++i) {
      if (static_cast<int>(gained_[i].group) != index) continue;
      if (gained_[i].of_input) {
        seen = x * values_[i];
        continue;
      }
      const LinearPart& part = layer.parts[gained_[i].part];
      plain_until(part.row);
      pieces.push_back(values_[i]);
      row = part.row + part.rows;
    }
    const Tensor y = PlainNetwork::linear(index, seen, dropout);
    if (pieces.empty()) return y;
    plain_until(layer.outputs);
    return y * at::cat(pieces);
  }

 private:
  const std::vector<Gained>& gained_;
  Tensors values_;
};

class Ia3 final : public Method {
 public:
  Ia3(const BaseModel& base, std::vector<Gained> gained) : base_(base), gained_(std::move(gained)) {}

  std::vector<Parameter> parameter_shapes() const override {
    std::vector<Parameter> parameters;
    for (const Gained& each : gained_)
      parameters.push_back(
          {.name = fmt::format("group.{}.ia3.{}", each.group, part(each).target), .value = shape_only({size(each)})});
    return parameters;
  }

  std::vector<Parameter> initial_parameters(std::uint64_t /*seed*/) const override {
    std::vector<Parameter> parameters = parameter_shapes();
    for (Parameter& parameter : parameters) parameter.value = at::ones(parameter.value.sizes(), at::kFloat);
    return parameters;
  }

  std::unique_ptr<Network> network(const Tensors& values) const override {
    return std::make_unique<Ia3Network>(layout(), base_.weights, gained_, values);
  }

  /// Products with gains keep their other factor; the gradient of a gain is the sum over rows of such a product.
  Trace::Sized trace_linear(Trace& trace, int group, const Trace::Sized& x) const override {
    const auto times_gain = [&](const Trace::Sized& y) {
      return trace.apply(y, y.columns,
                         {.keeps = {y.value},
                          .kept = Trace::bytes(y.columns),
                          .trained = Trace::bytes(y.columns),
                          .backward = Trace::bytes(y.rows, y.columns)});
    };
    const auto has = [&](bool of_input) {
      return std::ranges::any_of(gained_, [&](const Gained& each) {
        return static_cast<int>(each.group) == group && each.of_input == of_input;
      });
    };
    const Trace::Sized y = trace.linear(group, has(true) ? times_gain(x) : x);
    return has(false) ? times_gain(y) : y;
  }

  Result<void> save(const Path& folder, const Tensors& values) const override {
    NamedTensors arrays;
    std::vector<std::string> targets, of_input;
    for (std::size_t i = 0; i < gained_.size(); ++i) {
      const std::string& module = part(gained_[i]).module;
      arrays[peft_key(module, "ia3_l")] = values[i].unsqueeze(gained_[i].of_input ? 0 : 1);
      targets.push_back(module);
      if (gained_[i].of_input) of_input.push_back(module);
    }
    Json json = peft_config("IA3", base_);
    json["target_modules"] = target_modules(layout(), targets);
    json["feedforward_modules"] = target_modules(layout(), of_input);
    json["fan_in_fan_out"] = layout().transposed_linears;
    json["init_ia3_weights"] = true;
    json["modules_to_save"] = nullptr;
    return write_adapter(folder, kPeftConfig, json, arrays);
  }

  Result<Weights> merged(const Tensors& values) const override {
    Weights merged = base_.weights;
    const auto change = [&](int slot) -> Tensor& {
      Tensor& tensor = merged[static_cast<std::size_t>(slot)];
      if (tensor.is_same(base_.weights[static_cast<std::size_t>(slot)])) tensor = tensor.clone();
      return tensor;
    };
    for (std::size_t i = 0; i < gained_.size(); ++i) {
      const LinearGroup& group = layout().groups[gained_[i].group];
      const LinearPart& scaled = part(gained_[i]);
      if (gained_[i].of_input) {
        change(group.weight).mul_(values[i]);
        continue;
      }
      change(group.weight).narrow(0, scaled.row, scaled.rows).mul_(values[i].unsqueeze(1));
      if (group.bias >= 0) change(group.bias).narrow(0, scaled.row, scaled.rows).mul_(values[i]);
    }
    return merged;
  }

 private:
  const ModelLayout& layout() const { return base_.decoder->layout(); }
  const LinearPart& part(const Gained& gained) const { return layout().groups[gained.group].parts[gained.part]; }
  std::int64_t size(const Gained& gained) const {
    return gained.of_input ? layout().groups[gained.group].inputs : part(gained).rows;
  }

  const BaseModel& base_;
  std::vector<Gained> gained_;
};

}  // namespace

Result<std::unique_ptr<Method>> make_ia3(const TrainConfig& /*config*/, const BaseModel& base) {
  const ModelLayout& layout = base.decoder->layout();
  std::vector<Gained> gained;
  for (const LayerSlots& layer : layout.layers) {
    const auto attention = static_cast<std::size_t>(layer.attention_input);
    const std::size_t parts = layout.groups[attention].parts.size();
    for (std::size_t p = parts == 3 ? 1 : 0; p < parts; ++p) gained.push_back({attention, p, false});
    gained.push_back({static_cast<std::size_t>(layer.feed_output), 0, true});
  }
  return std::make_unique<Ia3>(base, std::move(gained));
}

Result<Adapter> read_ia3(AdapterFolder& folder, const BaseModel& base) {
  const ModelLayout& layout = base.decoder->layout();
  std::vector<Gained> gained;
  Adapter adapter;
  for (std::size_t g = 0; g < layout.groups.size(); ++g)
    for (std::size_t p = 0; p < layout.groups[g].parts.size(); ++p) {
      const LinearGroup& group = layout.groups[g];
      const std::string key = peft_key(group.parts[p].module, "ia3_l");
      const auto found = folder.arrays().find(key);
      if (found == folder.arrays().end()) continue;
      const bool of_input = found->second.dim() == 2 && found->second.size(0) == 1;
      if (of_input && group.parts.size() > 1)
        return folder.refuse("gains of the input of one of several layers that share it are not supported",
                             group.parts[p].module, "feedforward_modules with an input of their own");
      const Tensor value = at::empty({of_input ? group.inputs : group.parts[p].rows}, at::kFloat);
      PEGBOX_CHECK(folder.copy(key, value.unsqueeze(of_input ? 0 : 1)));
      gained.push_back({g, p, of_input});
      adapter.values.push_back(value);
    }
  PEGBOX_CHECK(folder.check_all_used());
  adapter.method = std::make_unique<Ia3>(base, std::move(gained));
  return adapter;
}

}  // namespace pegbox::train
