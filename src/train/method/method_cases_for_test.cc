// method_cases: see method_cases_for_test.h. Formulas are written as the papers have them, with whole updated weights.
#include "train/method/method_cases_for_test.h"

#include <numeric>

#include "train/method/method.h"
#include "train/testing.h"

namespace pegbox::train::testing {

namespace {

bool is_target(const std::string& target, const LinearPart& part) {
  if (target == "all" || target == (part.attention ? "attention" : "feed_forward")) return true;
  return ("," + target + ",").find("," + part.target + ",") != std::string::npos;
}

/// W of a part with its update: W + factor (B A - B0 A0), with rows of the trained length for DoRA.
Tensor updated(const Tensor& weight, const Tensor& a, const Tensor& b, const Tensor& magnitude, double factor,
               const Tensor& without) {
  Tensor whole = weight + factor * at::matmul(b, a);
  if (without.defined()) whole = whole - without;
  if (!magnitude.defined()) return whole;
  const Tensor length = whole.detach().pow(2).sum(1, true).sqrt();  // a constant of the gradient, as in the paper
  return magnitude.unsqueeze(1) * whole / length;
}

ReferenceChange lora_reference(const BaseModel& base, const TrainConfig& config, const Tensors& initial,
                               const Tensors& values) {
  ReferenceChange change;
  change.weights = base.weights;
  const ModelLayout& layout = base.decoder->layout();
  if (config.method == "qlora")
    for (std::size_t g = 0; g < layout.groups.size(); ++g)
      change.weights[std::size_t(layout.groups[g].weight)] = nf4_weights(base)->weight(g);
  const double alpha = config.scale * static_cast<double>(config.rank);
  const double factor = alpha / (config.rslora ? std::sqrt(double(config.rank)) : double(config.rank));
  const bool without = config.lora_start == "pissa" || config.lora_start == "olora";
  std::size_t next = 0;
  for (const LinearGroup& group : layout.groups) {
    std::vector<LinearPart> parts;
    for (const LinearPart& part : group.parts)
      if (is_target(config.target, part)) parts.push_back(part);
    if (parts.empty()) continue;
    const Tensor weight = change.weights[static_cast<std::size_t>(group.weight)];
    const Tensor a = values[next], b = values[next + 1], magnitude = config.dora ? values[next + 2] : Tensor();
    Tensors rows;
    std::int64_t row = 0, factor_row = 0, a_row = 0;
    for (const LinearPart& part : parts) {
      if (part.row > row) rows.push_back(weight.narrow(0, row, part.row - row));
      const auto update = [&](const Tensor& of_a, const Tensor& of_b) {
        return std::pair(of_a.narrow(0, a_row, config.rank), of_b.narrow(0, factor_row, part.rows));
      };
      const auto [part_a, part_b] = update(a, b);
      Tensor taken;
      if (without) {
        const auto [first_a, first_b] = update(initial[next], initial[next + 1]);
        taken = factor * at::matmul(first_b, first_a);
      }
      rows.push_back(updated(weight.narrow(0, part.row, part.rows), part_a, part_b,
                             magnitude.defined() ? magnitude.narrow(0, factor_row, part.rows) : Tensor(), factor,
                             taken));
      row = part.row + part.rows;
      factor_row += part.rows;
      a_row += config.rank;
    }
    if (row < group.outputs) rows.push_back(weight.narrow(0, row, group.outputs - row));
    change.weights[static_cast<std::size_t>(group.weight)] = at::cat(rows);
    next += config.dora ? 3 : 2;
  }
  return change;
}

ReferenceChange full_reference(const BaseModel&, const TrainConfig&, const Tensors&, const Tensors& values) {
  return {.weights = values};
}

ReferenceChange some_weights_reference(const BaseModel& base, const TrainConfig& config, const Tensors&,
                                       const Tensors& values) {
  // By names, not by the layout's structure: biases end so; the last layer of these models is number 1.
  ReferenceChange change;
  change.weights = base.weights;
  const auto& slots = base.decoder->layout().slots;
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const bool last = slots[i].name.starts_with("layers.1.") || slots[i].name.starts_with("final_norm");
    if (config.method == "bias" ? slots[i].name.ends_with(".bias") : last) chosen.push_back(i);
  }
  // Values stand in the method's order, which names tell.
  const auto method = make_method(config, base);
  const auto parameters = (*method)->initial_parameters(0);
  EXPECT_EQ(parameters.size(), chosen.size());
  for (std::size_t p = 0; p < parameters.size(); ++p)
    for (const std::size_t i : chosen)
      if (slots[i].name == parameters[p].name) change.weights[i] = values[p];
  return change;
}

/// Of Llama: gains of keys (rows 32 to 48), values (48 to 64) and the inputs of down_proj. Of GPT-2: all 96 rows.
ReferenceChange ia3_reference(const BaseModel& base, const TrainConfig&, const Tensors&, const Tensors& values) {
  ReferenceChange change;
  change.weights = base.weights;
  const ModelLayout& layout = base.decoder->layout();
  const bool llama = base.decoder->config().family == "llama";
  for (std::size_t i = 0; i < layout.layers.size(); ++i) {
    const LayerSlots& layer = layout.layers[i];
    const LinearGroup &attention = layout.groups[std::size_t(layer.attention_input)],
                      &feed = layout.groups[std::size_t(layer.feed_output)];
    const Tensor* const own = &values[i * (llama ? 3 : 2)];
    const Tensor rows = llama ? at::cat({at::ones({32}), own[0], own[1]}) : own[0];
    change.weights[std::size_t(attention.weight)] = base.weights[std::size_t(attention.weight)] * rows.unsqueeze(1);
    if (attention.bias >= 0)
      change.weights[std::size_t(attention.bias)] = base.weights[std::size_t(attention.bias)] * rows;
    change.weights[std::size_t(feed.weight)] = base.weights[std::size_t(feed.weight)] * own[llama ? 2 : 1].unsqueeze(0);
  }
  return change;
}

Tensor bottleneck(const Tensor& x, const Tensor* tensors) {
  const Tensor inner = (at::matmul(x, tensors[0].t()) + tensors[1]).clamp_min(0);
  return at::matmul(inner, tensors[2].t()) + tensors[3];
}

ReferenceChange adapter_reference(const BaseModel& base, const TrainConfig& config, const Tensors&,
                                  const Tensors& values) {
  ReferenceChange change;
  const auto plain = std::make_shared<ReferenceDecoder>(base, ReferenceChange{});
  const auto layers = base.decoder->layout().layers;
  if (config.adapter_placement == "parallel") {
    change.feed = [=](int layer, const Tensor& input, const Tensor& result) {
      return result + config.scale * bottleneck(input, &values[std::size_t(layer) * 4]);
    };
    return change;
  }
  const bool two = config.adapter_placement == "houlsby";
  change.linear = [=](int group, const Tensor& x) {
    Tensor y = plain->plain_linear(group, x);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const std::size_t first = i * (two ? 8 : 4);
      if (two && group == layers[i].attention_output) y = y + bottleneck(y, &values[first]);
      if (group == layers[i].feed_output) y = y + bottleneck(y, &values[first + (two ? 4 : 0)]);
    }
    return y;
  };
  return change;
}

ReferenceChange prompt_reference(const BaseModel&, const TrainConfig&, const Tensors&, const Tensors& values) {
  return {.prompt = values[0]};
}

ReferenceChange prefix_reference(const BaseModel& base, const TrainConfig&, const Tensors&, const Tensors& values) {
  ReferenceChange change;
  const std::int64_t width = base.decoder->config().kv_heads * base.decoder->config().head_width;
  for (const Tensor& value : values) {
    change.prefix_keys.push_back(value.narrow(1, 0, width));
    change.prefix_values.push_back(value.narrow(1, width, width));
  }
  return change;
}

std::vector<MethodCase> other_cases() {
  const ModelConfig llama = llama_config(), gpt2 = gpt2_config();
  const auto adapter = [&](std::string name, const ModelConfig& model, const std::string& placement) {
    return MethodCase{.name = std::move(name),
                      .fields = {{"method", "adapter"}, {"adapter_width", 5}, {"adapter_placement", placement}},
                      .model = model,
                      .merges = false,
                      .reference = adapter_reference};
  };
  const auto tokens = [&](std::string name, const ModelConfig& model, Json more, auto reference) {
    more["virtual_tokens"] = 4;
    return MethodCase{.name = std::move(name),
                      .fields = more,
                      .model = model,
                      .begins_as_base = false,
                      .merges = false,
                      .reference = reference};
  };
  return {{.name = "bias", .fields = {{"method", "bias"}}, .model = gpt2, .reference = some_weights_reference},
          {.name = "lastLayer",
           .fields = {{"method", "last_k"}, {"last_layers", 1}},
           .model = llama,
           .reference = some_weights_reference},
          {.name = "lastLayerGpt2",
           .fields = {{"method", "last_k"}, {"last_layers", 1}},
           .model = gpt2,
           .reference = some_weights_reference},
          {.name = "ia3", .fields = {{"method", "ia3"}}, .model = llama, .reference = ia3_reference},
          {.name = "ia3Gpt2", .fields = {{"method", "ia3"}}, .model = gpt2, .reference = ia3_reference},
          adapter("adapterHoulsby", llama, "houlsby"),
          adapter("adapterPfeiffer", gpt2, "pfeiffer"),
          adapter("adapterParallel", llama, "parallel"),
          tokens("prompt", llama, {{"method", "prompt"}}, prompt_reference),
          tokens("promptGpt2", gpt2, {{"method", "prompt"}, {"prompt_start", "gaussian"}}, prompt_reference),
          tokens("prefix", llama, {{"method", "prefix"}}, prefix_reference),
          tokens("prefixGpt2", gpt2, {{"method", "prefix"}, {"prompt_start", "gaussian"}}, prefix_reference),
          adapter("adapterGemma", gemma_config(), "parallel"),
          tokens("promptGemma", gemma_config(), {{"method", "prompt"}}, prompt_reference),
          tokens("prefixGemma", gemma_config(), {{"method", "prefix"}}, prefix_reference)};
}

MethodCase lora(std::string name, ModelConfig model, Json more) {
  Json fields = {{"method", "lora"}, {"rank", 3}, {"scale", 1.5}};
  if (more.is_object()) fields.update(more);
  return {.name = std::move(name), .fields = fields, .model = std::move(model), .reference = lora_reference};
}

MethodCase qlora(std::string name, ModelConfig model, Json more) {
  more["method"] = "qlora";
  MethodCase result = lora(std::move(name), std::move(model), std::move(more));
  result.begins_as_base = false;  // but as the base in 4 bits
  return result;
}

std::vector<MethodCase> lora_cases() {
  const ModelConfig llama = llama_config(), gpt2 = gpt2_config();
  return {lora("lora", llama, {}),
          lora("loraSome", llama, {{"target", "q_proj,v_proj,down_proj"}}),
          lora("loraFeed", gpt2, {{"target", "feed_forward"}}),
          lora("loraGaussian", llama, {{"lora_start", "gaussian"}}),
          lora("rslora", gpt2, {{"rslora", true}}),
          lora("dora", llama, {{"dora", true}}),
          lora("doraSome", gpt2, {{"dora", true}, {"target", "attention"}}),
          lora("doraMiddle", llama, {{"dora", true}, {"target", "k_proj,up_proj"}}),
          lora("pissa", llama, {{"lora_start", "pissa"}}),
          lora("pissaRslora", gpt2, {{"lora_start", "pissa"}, {"rslora", true}}),
          lora("pissaDora", llama, {{"lora_start", "pissa"}, {"dora", true}}),
          lora("olora", gpt2, {{"lora_start", "olora"}}),
          lora("loraGemma", gemma_config(), {}),
          qlora("qloraGemma", gemma_config(), {}),
          qlora("qlora", llama, {}),
          qlora("qloraSome", gpt2, {{"target", "attention"}}),
          qlora("qloraDora", llama, {{"dora", true}}),
          qlora("qloraPissa", llama, {{"lora_start", "pissa"}})};
}

}  // namespace

std::vector<MethodCase> method_cases() {
  std::vector<MethodCase> cases = lora_cases();
  for (MethodCase& each : other_cases()) cases.push_back(std::move(each));
  cases.push_back({.name = "scratch",
                   .fields = {{"method", "scratch"}},
                   .model = llama_config(),
                   .deviation = 0.02,
                   .writes_a_model = true,
                   .reference = full_reference});
  cases.push_back({.name = "full",
                   .fields = {{"method", "full"}},
                   .model = llama_config(),
                   .deviation = 0.02,
                   .writes_a_model = true,
                   .reference = full_reference});
  cases.push_back({.name = "fullGemma",
                   .fields = {{"method", "full"}},
                   .model = gemma_config(),
                   .deviation = 0.02,
                   .writes_a_model = true,
                   .reference = full_reference});
  return cases;
}

}  // namespace pegbox::train::testing
