// lora: see lora.h.
#include "train/method/lora.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/norm.h>
#include <ATen/ops/ones.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "train/method/lora_start.h"

namespace pegbox::train {

std::string factor_key(const std::string& module, char factor) {
  return peft_key(module, fmt::format("lora_{}.weight", factor));
}

namespace {

/// What an adapter's tensors do not say.
struct LoraTraining {
  std::string start = "kaiming";
  double dropout = 0;
  bool quantized = false;  ///< the base's linear layers are in 4 bits
};

std::string magnitude_key(const std::string& module) { return peft_key(module, "lora_magnitude_vector"); }

class Lora final : public Method {
 public:
  Lora(const BaseModel& base, LoraPlan plan, LoraTraining training)
      : base_(base), plan_(std::move(plan)), training_(std::move(training)) {}

  std::vector<Parameter> parameter_shapes() const override {
    std::vector<Parameter> parameters;
    for (std::size_t g = 0; g < plan_.groups().size(); ++g) {
      const LoraPlan::Group& group = plan_.groups()[g];
      if (group.parts.empty()) continue;
      const auto add = [&](const char* what, const std::vector<std::int64_t>& shape) {
        parameters.push_back(
            {.name = fmt::format("group.{}.{}", g, what), .value = shape_only(shape), .decay = shape.size() == 2});
      };
      add("lora_A", {static_cast<std::int64_t>(group.parts.size()) * plan_.rank(), group.inputs});
      add("lora_B", {group.rows, plan_.rank()});
      if (plan_.options().magnitudes) add("magnitude", {group.rows});
    }
    return parameters;
  }

  std::vector<Parameter> initial_parameters(std::uint64_t seed) const override {
    const bool changes = start_changes_base(training_.start);
    const auto begin = changes ? start() : lora_start(plan_, training_.start, weights(), seed);
    std::vector<Parameter> parameters = parameter_shapes();
    auto next = parameters.begin();
    for (std::size_t g = 0; g < begin.size(); ++g) {
      if (!begin[g].a.defined()) continue;
      next++->value = begin[g].a.clone();
      next++->value = begin[g].b.clone();
      if (plan_.options().magnitudes) next++->value = row_norms(g);
    }
    return parameters;
  }

  std::string form() const override { return fmt::format("updates times {:.6g}", plan_.options().factor()); }

  /// The factors that the base is without.
  std::int64_t own_bytes() const override {
    if (!start_changes_base(training_.start)) return 0;
    std::int64_t sum = 0;
    for (const Parameter& parameter : parameter_shapes())
      if (parameter.value.dim() == 2) sum += static_cast<std::int64_t>(parameter.value.nbytes());
    return sum;
  }

  std::unique_ptr<Network> network(const Tensors& values) const override {
    return std::make_unique<LoraNetwork>(layout(), base_.weights, quantized(), groups(values), training_.dropout);
  }

  Trace::Sized trace_linear(Trace& trace, int group, const Trace::Sized& x) const override;
  Result<void> save(const Path& folder, const Tensors& values) const override;
  Result<Weights> merged(const Tensors& values) const override;

 private:
  const ModelLayout& layout() const { return base_.decoder->layout(); }

  /// Quantized once, where the base was not yet.
  const std::shared_ptr<const Nf4Weights>& quantized() const {
    if (training_.quantized && !quantized_) quantized_ = nf4_weights(base_);
    return quantized_;
  }

  /// The frozen weight of a group of linear layers, in fp32.
  Tensor weight(std::size_t group) const {
    return quantized() ? quantized()->weight(group)
                       : base_.weights[static_cast<std::size_t>(layout().groups[group].weight)].to(at::kFloat);
  }
  std::function<Tensor(std::size_t)> weights() const {
    return [this](std::size_t group) { return weight(group); };
  }

  /// What the frozen weights are without; computed once, since it takes a decomposition of every weight.
  const std::vector<LoraPlan::GroupTensors>& start() const {
    if (start_.empty())
      start_ = start_changes_base(training_.start) ? lora_start(plan_, training_.start, weights(), 0)
                                                   : std::vector<LoraPlan::GroupTensors>(plan_.groups().size());
    return start_;
  }

  std::vector<LoraNetwork::Group> groups(const Tensors& values) const {
    const auto tensors = plan_.tensors(values);
    std::vector<LoraNetwork::Group> groups(tensors.size());
    for (std::size_t g = 0; g < groups.size(); ++g)
      if (tensors[g].a.defined()) groups[g] = {plan_.factors(g, tensors[g], start()[g]), tensors[g].magnitude};
    return groups;
  }

  /// Lengths of the rows of the frozen weight that a group's update is beside: the model before the first step.
  Tensor row_norms(std::size_t group) const {
    const Tensor weight = this->weight(group);
    Tensors norms;
    for (const LoraPart& part : plan_.groups()[group].parts)
      norms.push_back(at::norm(weight.narrow(0, part.row, part.rows), 2, 1));
    return at::cat(norms);
  }

  const BaseModel& base_;
  LoraPlan plan_;
  LoraTraining training_;
  mutable std::vector<LoraPlan::GroupTensors> start_;  // [groups]
  mutable std::shared_ptr<const Nf4Weights> quantized_;
};

/// LoraLinear keeps what it saw, which is x itself without dropout, and the inner product.
Trace::Sized Lora::trace_linear(Trace& trace, int group, const Trace::Sized& x) const {
  const auto index = static_cast<std::size_t>(group);
  const LoraPlan::Group& planned = plan_.groups()[index];
  if (planned.parts.empty()) return trace.linear(group, x);
  const auto inner = static_cast<double>(std::ssize(planned.parts) * plan_.rank()),
             rows = static_cast<double>(planned.rows);
  const double seen = training_.dropout > 0 ? Trace::bytes(x.rows, x.columns) : 0;
  const double started = start_changes_base(training_.start) ? Trace::bytes(x.rows, inner) : 0;
  const double workspace = trace.product_workspace(group, x.rows), product = Trace::bytes(x.rows, inner);
  Tape::Op op{.kept = seen + product,
              .trained = Trace::bytes(inner, x.columns) + Trace::bytes(rows, static_cast<double>(plan_.rank())),
              .forward = std::max(workspace, started),
              .backward = product + std::max({workspace, 2 * seen, started})};
  if (seen == 0) op.keeps = {x.value};
  const auto outputs = static_cast<double>(layout().groups[index].outputs);
  const Trace::Sized y = trace.apply(x, outputs, std::move(op));
  if (!plan_.options().magnitudes) return y;
  // Of DoRA: lengths of the updated rows, part by part, then y times the gain.
  const double weight = Trace::bytes(rows, x.columns) * (training_.quantized ? 2 : 1);
  return trace.apply(y, outputs,
                     {.keeps = {y.value},
                      .kept = Trace::bytes(outputs),
                      .trained = Trace::bytes(rows),
                      .forward = weight,
                      .backward = Trace::bytes(x.rows, outputs)});
}

/// The members that PEFT's LoraConfig has. `doubled`: the factors that the base is without are part of the adapter.
Json lora_config(const BaseModel& base, const LoraPlan& plan, double dropout, bool doubled) {
  const LoraOptions& options = plan.options();
  const double more = !doubled ? 1 : options.rank_stabilized ? std::sqrt(2.0) : 2;  // the factor of B A stays the same
  const double alpha = options.alpha() * more;
  Json json = peft_config("LORA", base);
  json["r"] = doubled ? 2 * plan.rank() : plan.rank();
  json["lora_alpha"] = alpha;
  if (alpha == std::floor(alpha)) json["lora_alpha"] = static_cast<std::int64_t>(alpha);
  json["lora_dropout"] = dropout;
  json["bias"] = "none";
  json["target_modules"] = target_modules(base.decoder->layout(), plan.modules());
  json["fan_in_fan_out"] = base.decoder->layout().transposed_linears;
  json["init_lora_weights"] = true;
  json["use_rslora"] = options.rank_stabilized;
  json["use_dora"] = options.magnitudes;
  json["modules_to_save"] = nullptr;
  return json;
}

/// A of one part, and its B, as an adapter of the unchanged base has them: [A; A0] and [B, -B0] where the base is
/// without B0 A0, as PEFT converts PiSSA and OLoRA.
std::pair<Tensor, Tensor> written_factors(const LoraFactors& factors, std::size_t p) {
  const LoraPart& part = factors.parts[p];
  const auto a_of = [&](const Tensor& a) {
    return a.narrow(0, static_cast<std::int64_t>(p) * factors.rank, factors.rank);
  };
  const auto b_of = [&](const Tensor& b) { return b.narrow(0, part.factor_row, part.rows); };
  if (!factors.start_a.defined()) return {a_of(factors.a), b_of(factors.b)};
  return {at::cat({a_of(factors.a), a_of(factors.start_a)}), at::cat({b_of(factors.b), -b_of(factors.start_b)}, 1)};
}

Result<void> Lora::save(const Path& folder, const Tensors& values) const {
  NamedTensors arrays;
  const auto groups = this->groups(values);
  for (std::size_t g = 0; g < groups.size(); ++g)
    for (std::size_t p = 0; p < groups[g].factors.parts.size(); ++p) {
      const std::string& module = plan_.groups()[g].modules[p];
      const LoraPart& part = groups[g].factors.parts[p];
      std::tie(arrays[factor_key(module, 'A')], arrays[factor_key(module, 'B')]) =
          written_factors(groups[g].factors, p);
      if (plan_.options().magnitudes)
        arrays[magnitude_key(module)] = groups[g].magnitude.narrow(0, part.factor_row, part.rows);
    }
  const Json config = lora_config(base_, plan_, training_.dropout, start_changes_base(training_.start));
  PEGBOX_CHECK(write_adapter(folder, kPeftConfig, config, arrays));
  if (!training_.quantized) return {};
  return replace_file(folder / kBaseFile, Json{{"format", 1}, {"quantization", "nf4"}}.dump(2) + "\n");
}

Result<Weights> Lora::merged(const Tensors& values) const {
  Weights merged = base_.weights;
  const auto groups = this->groups(values);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const Tensor before = weight(g), whole = training_.quantized ? before : before.clone();
    for (std::size_t p = 0; p < groups[g].factors.parts.size(); ++p) {
      const LoraPart& part = groups[g].factors.parts[p];
      Tensor rows = updated_weight(before, groups[g].factors, p);
      if (groups[g].magnitude.defined())
        rows = rows * (groups[g].magnitude.narrow(0, part.factor_row, part.rows) / at::norm(rows, 2, 1)).unsqueeze(1);
      whole.narrow(0, part.row, part.rows).copy_(rows);
    }
    merged[static_cast<std::size_t>(layout().groups[g].weight)] = whole;
  }
  return merged;
}

Result<void> check_lora_config(const AdapterFolder& folder) {
  if (const Json bias = folder.value("bias"); !bias.is_null() && bias != "none")
    return folder.refuse("trained biases are not supported", to_line(bias), "\"none\"");
  for (const char* key : {"modules_to_save", "rank_pattern", "alpha_pattern"})
    if (const Json other = folder.value(key); !other.is_null() && !other.empty())
      return folder.refuse(fmt::format("{} is not supported", key), to_line(other).substr(0, 60), "none");
  return {};
}

Result<void> check_start(const LoraPlan& plan, const std::string& start) {
  if (!start_changes_base(start)) return {};
  if (const auto limit = plan.least_limit(); plan.rank() > limit.rank)
    return fail(ErrorKind::InvalidInput, {.where = "rank",
                                          .what = fmt::format("{} decomposes every weight to this rank", start),
                                          .got = fmt::format("{}", plan.rank()),
                                          .expected = fmt::format("at most {}, that of {}", limit.rank, limit.module),
                                          .hint = "lower the rank, or name a target without this layer"});
  if (plan.options().factor() > 0) return {};
  return fail(ErrorKind::InvalidInput, {.where = "scale",
                                        .what = fmt::format("{} divides by the scale", start),
                                        .got = "0",
                                        .expected = "a scale above 0"});
}

}  // namespace

bool LoraNetwork::rescales() const {
  return std::ranges::any_of(groups_, [](const Group& group) { return group.magnitude.defined(); });
}

Tensor LoraNetwork::gain(int index) const {
  const LinearGroup& layer = this->group(index);
  const Group& group = groups_[static_cast<std::size_t>(index)];
  const Tensor ratio = group.magnitude / updated_row_norms(matrix(index).values(), group.factors);
  Tensors pieces;
  std::int64_t row = 0;
  const auto plain_until = [&](std::int64_t end) {
    if (end > row) pieces.push_back(at::ones({end - row}, ratio.options()));
  };
  for (const LoraPart& part : group.factors.parts) {
    plain_until(part.row);
    pieces.push_back(ratio.narrow(0, part.factor_row, part.rows));
    row = part.row + part.rows;
  }
  plain_until(layer.outputs);
  return at::cat(pieces);
}

Tensor LoraNetwork::linear(int index, const Tensor& x, DropoutSource& dropout) const {
  const Group& adapted = groups_[static_cast<std::size_t>(index)];
  const LinearGroup& layer = group(index);
  const DropoutMask mask = dropout.next(dropout_);
  if (!adapted.factors.a.defined()) return PlainNetwork::linear(index, x, dropout);
  const FrozenMatrix weight = matrix(index);
  const Tensor& bias = this->weight(layer.bias);
  if (!adapted.magnitude.defined()) return lora_linear(x, weight, bias, adapted.factors, mask);
  // The norm is a constant of the gradient, as section 4.3 of the paper has it.
  const Tensor y = lora_linear(x, weight, Tensor(), adapted.factors, mask), gain = this->gain(index);
  return bias.defined() ? at::addcmul(bias, y, gain) : y * gain;
}

namespace {

Result<std::unique_ptr<Method>> make_any(const TrainConfig& config, const BaseModel& base, bool quantized) {
  const LoraOptions options{config.rank, config.scale, config.rslora, config.dora};
  PEGBOX_TRY(LoraPlan plan, LoraPlan::create(base.decoder->layout(), config.target, options));
  PEGBOX_CHECK(check_start(plan, config.lora_start));
  return std::make_unique<Lora>(base, std::move(plan), LoraTraining{config.lora_start, config.dropout, quantized});
}

}  // namespace

Result<std::unique_ptr<Method>> make_lora(const TrainConfig& config, const BaseModel& base) {
  return make_any(config, base, false);
}

Result<std::unique_ptr<Method>> make_qlora(const TrainConfig& config, const BaseModel& base) {
  return make_any(config, base, true);
}

Result<Adapter> read_lora(AdapterFolder& folder, const BaseModel& base) {
  PEGBOX_CHECK(check_lora_config(folder));
  PEGBOX_TRY(const std::int64_t rank, folder.integer("r", 1));
  PEGBOX_TRY(const double alpha, folder.real("lora_alpha"));
  const LoraOptions options{rank, alpha / static_cast<double>(rank), folder.value("use_rslora") == true,
                            folder.value("use_dora") == true};
  LoraPlan plan(base.decoder->layout(), options,
                [&](const LinearPart& part) { return folder.arrays().contains(factor_key(part.module, 'A')); });
  Adapter adapter;
  for (const LoraPlan::Group& group : plan.groups()) {
    if (group.parts.empty()) continue;
    const auto parts = static_cast<std::int64_t>(group.parts.size());
    const Tensor a = at::empty({parts * rank, group.inputs}, at::kFloat), b = at::empty({group.rows, rank}, at::kFloat);
    const Tensor magnitude = at::empty({group.rows}, at::kFloat);
    for (std::size_t p = 0; p < group.parts.size(); ++p) {
      const LoraPart& part = group.parts[p];
      const std::string& module = group.modules[p];
      PEGBOX_CHECK(folder.copy(factor_key(module, 'A'), a.narrow(0, static_cast<std::int64_t>(p) * rank, rank)));
      PEGBOX_CHECK(folder.copy(factor_key(module, 'B'), b.narrow(0, part.factor_row, part.rows)));
      if (options.magnitudes)
        PEGBOX_CHECK(folder.copy(magnitude_key(module), magnitude.narrow(0, part.factor_row, part.rows)));
    }
    adapter.values.insert(adapter.values.end(), {a, b});
    if (options.magnitudes) adapter.values.push_back(magnitude);
  }
  PEGBOX_CHECK(folder.check_all_used());
  const Json dropout = folder.value("lora_dropout");
  adapter.method = std::make_unique<Lora>(
      base, std::move(plan),
      LoraTraining{.dropout = dropout.is_number() ? dropout.get<double>() : 0.0, .quantized = folder.base_is_nf4()});
  return adapter;
}

}  // namespace pegbox::train
