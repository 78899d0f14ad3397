// Decoder: see decoder.h.
#include "train/model/decoder.h"

#include <ATen/ATen.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "train/model/virtual_rows.h"
#include "train/ops/attention.h"
#include "train/ops/gate.h"
#include "train/ops/norm.h"
#include "train/ops/recompute.h"

namespace pegbox::train {

FrozenMatrix PlainNetwork::matrix(int index) const {
  if (!quantized_) return weight(group(index).weight);
  return std::function<Tensor()>([held = quantized_, index] { return held->weight(static_cast<std::size_t>(index)); });
}

Tensor PlainNetwork::linear(int index, const Tensor& x, DropoutSource& /*dropout*/) const {
  const LinearGroup& group = this->group(index);
  const bool is_bf16 = !quantized_ && this->weight(group.weight).scalar_type() == at::kBFloat16;
  if (quantized_ || is_bf16) return frozen_linear(x, matrix(index), this->weight(group.bias));
  const Tensor &weight = this->weight(group.weight), &bias = this->weight(group.bias);
  return bias.defined() ? at::addmm(bias, x, weight.t()) : at::mm(x, weight.t());
}

Tensor Network::feed_forward(int /*layer*/, const Tensor& /*input*/, const Tensor& result,
                             DropoutSource& /*dropout*/) const {
  return result;
}

Tensor Network::prefix(int /*layer*/) const { return {}; }

std::pair<Tensor, Tensor> rotary_tables(const ModelConfig& config) {
  const Tensor pair = at::arange(0, config.head_width, 2, at::kFloat);
  Tensor frequency = 1.0 / at::pow(config.rope_theta, pair / static_cast<double>(config.head_width));  // [D / 2]
  if (config.rope_scaling && config.rope_scaling->kind == "linear") frequency = frequency / config.rope_scaling->factor;
  if (config.rope_scaling && config.rope_scaling->kind == "llama3") {
    // Waves longer than the old context are slowed by the factor, short ones kept, those between interpolated.
    const RopeScaling& scaling = *config.rope_scaling;
    const Tensor turns = scaling.original_positions * frequency / (2 * std::numbers::pi);
    const Tensor keep =
        ((turns - scaling.low_frequency_factor) / (scaling.high_frequency_factor - scaling.low_frequency_factor))
            .clamp(0, 1);
    frequency = frequency / scaling.factor * (1 - keep) + frequency * keep;
  }
  const Tensor angle = at::outer(at::arange(config.positions, at::kFloat), frequency);  // [P, D / 2]
  return {angle.cos(), angle.sin()};
}

Decoder::Decoder(ModelConfig config, ModelLayout layout) : config_(std::move(config)), layout_(std::move(layout)) {
  if (config_.position == PositionKind::Rotary) std::tie(cosine_, sine_) = rotary_tables(config_);
}

std::shared_ptr<AttentionPlan> Decoder::plan_of(const std::vector<std::int64_t>& offsets,
                                                const Tensor& positions) const {
  auto plan = std::make_shared<AttentionPlan>();
  plan->shape = {config_.heads, config_.kv_heads, config_.head_width,
                 1.0f / std::sqrt(static_cast<float>(config_.head_width))};
  plan->offsets = offsets;
  plan->positions = positions;
  plan->cosine = cosine_;
  plan->sine = sine_;
  return plan;
}

/// One forward pass through the layers; how tokens attend to each other is the caller's.
class Decoder::Pass {
 public:
  using Attend = std::function<Tensor(std::size_t layer, const Tensor& packed, DropoutSource& dropout)>;

  Pass(const Decoder& decoder, const Network& network, ModelDropout probability)
      : config_(decoder.config_), layout_(decoder.layout_), network_(network), probability_(probability) {}

  Tensor tokens(const Tensor& ids) const { return at::embedding(network_.weight(layout_.embedding), ids); }

  /// Embedded tokens at their positions.
  Tensor place(Tensor x, const Tensor& positions, DropoutSource& dropout) const {
    if (layout_.positions >= 0) x = x + at::embedding(network_.weight(layout_.positions), positions);
    return pegbox::train::dropout(x, dropout.next(probability_.embedding));
  }

  /// `rows`: those whose result is read, [L] or undefined for all. `recompute`: each layer keeps its inputs alone, and
  /// runs again in the backward pass; `attend` then owns what it needs.
  Tensor layers(Tensor x, const Attend& attend, const Tensor& rows, DropoutSource& dropout,
                bool recompute = false) const {
    Tensors stream{std::move(x), Tensor()};
    for (std::size_t i = 0; i < layout_.layers.size(); ++i) {
      const Tensor read = i + 1 == layout_.layers.size() ? rows : Tensor();
      if (!recompute) {
        stream = layer(i, stream, attend, read, dropout);
        continue;
      }
      const auto after = std::make_shared<DropoutSource>(dropout);
      const auto run = [pass = *this, i, attend, read, before = dropout, after](const Tensors& inputs) {
        *after = before;  // each time the same masks
        return pass.layer(i, inputs, attend, read, *after);
      };
      stream = recomputed(run, stream);
      dropout = *after;
    }
    return add_and_norm(stream[0], stream[1], layout_.final_norm, layout_.final_norm_bias).second;
  }

 private:
  /// One layer. `stream`: the residual stream, and what is still to be added to it; so is the result.
  Tensors layer(std::size_t i, const Tensors& stream, const Attend& attend, const Tensor& rows,
                DropoutSource& dropout) const {
    const LayerSlots& layer = layout_.layers[i];
    auto [x, normed] = add_and_norm(stream[0], stream[1], layer.attention_norm, layer.attention_norm_bias);
    Tensor mixed = attend(i, network_.linear(layer.attention_input, normed, dropout), dropout);
    if (rows.defined()) {
      mixed = mixed.index_select(0, rows);
      x = x.index_select(0, rows);
    }
    const Tensor attended = residual(network_.linear(layer.attention_output, mixed, dropout), dropout);
    std::tie(x, normed) = add_and_norm(x, attended, layer.feed_norm, layer.feed_norm_bias);
    const Tensor inner = activate(network_.linear(layer.feed_input, normed, dropout));
    const Tensor fed = network_.linear(layer.feed_output, inner, dropout);
    return {x, residual(network_.feed_forward(static_cast<int>(i), normed, fed, dropout), dropout)};
  }

  std::pair<Tensor, Tensor> add_and_norm(const Tensor& x, const Tensor& delta, int weight, int bias) const {
    if (config_.norm == NormKind::RootMeanSquare)
      return residual_rms_norm(x, delta, network_.weight(weight), config_.norm_epsilon);
    const Tensor sum = delta.defined() ? x + delta : x;
    return {sum,
            at::layer_norm(sum, {config_.width}, network_.weight(weight), network_.weight(bias), config_.norm_epsilon)};
  }

  Tensor residual(const Tensor& x, DropoutSource& dropout) const {
    return pegbox::train::dropout(x, dropout.next(probability_.residual));
  }

  Tensor activate(const Tensor& x) const {
    switch (config_.activation) {
      case Activation::SiluGated:
        return silu_gate(x);
      case Activation::GeluTanh:
        return at::gelu(x, "tanh");
      case Activation::Gelu:
        return at::gelu(x, "none");
      case Activation::Relu:
        return at::relu(x);
    }
    return x;
  }

  const ModelConfig& config_;
  const ModelLayout& layout_;
  const Network& network_;
  ModelDropout probability_;
};

Tensor Decoder::hidden(const Network& network, const Batch& batch, DropoutSource& dropout,
                       const ModelDropout& probability, bool all_rows, bool recompute) const {
  if (network.virtual_tokens() > 0) return hidden_behind(network, batch, dropout, probability, all_rows, recompute);
  const Pass pass(*this, network, probability);
  const auto attend = [plan = plan_of(batch.offsets, batch.positions), probability = probability.attention](
                          std::size_t, const Tensor& packed, DropoutSource& masks) {
    return packed_attention(packed, plan, masks.next(probability));
  };
  return pass.layers(pass.place(pass.tokens(batch.ids), batch.positions, dropout), attend,
                     all_rows ? Tensor() : batch.label_rows, dropout, recompute);
}

Tensor Decoder::hidden_behind(const Network& network, const Batch& batch, DropoutSource& dropout,
                              const ModelDropout& probability, bool all_rows, bool recompute) const {
  const bool embedded = network.prompt().defined();
  const VirtualRows rows = virtual_rows(batch, network.virtual_tokens(), embedded);
  const AttentionPlanPtr plan = plan_of(rows.offsets, rows.positions);
  const Pass pass(*this, network, probability);
  if (embedded) {  // tokens like others, whose results nobody reads
    const auto attend = [plan, probability = probability.attention](std::size_t, const Tensor& packed,
                                                                    DropoutSource& masks) {
      return packed_attention(packed, plan, masks.next(probability));
    };
    const Tensor x = rows.behind(network.prompt(), pass.tokens(batch.ids));
    return pass.layers(pass.place(x, rows.positions, dropout), attend,
                       all_rows ? rows.own : rows.own.index_select(0, batch.label_rows), dropout, recompute);
  }
  const auto attend = [&network, rows, plan, queries = config_.heads * config_.head_width,
                       probability = probability.attention](std::size_t layer, const Tensor& packed,
                                                            DropoutSource& masks) {
    const Tensor prefix = network.prefix(static_cast<int>(layer));  // without queries of their own
    const Tensor first = at::cat({at::zeros({prefix.size(0), queries}, prefix.options()), prefix}, 1);
    return packed_attention(rows.behind(first, packed), plan, masks.next(probability)).index_select(0, rows.own);
  };
  return pass.layers(pass.place(pass.tokens(batch.ids), rows.positions.index_select(0, rows.own), dropout), attend,
                     all_rows ? Tensor() : batch.label_rows, dropout, recompute);
}

Tensor Decoder::logits(const Network& network, const Tensor& hidden) const {
  return at::mm(hidden, network.weight(layout_.head).t());
}

Tensor Decoder::extend(const Network& network, const std::vector<std::int64_t>& ids, KeyValueCache& cache) const {
  const at::InferenceMode no_gradients;
  const std::int64_t width = config_.head_width, queries = config_.heads * width, keys = config_.kv_heads * width;
  DropoutSource dropout;
  const Pass pass(*this, network, {});
  Tensor x = pass.tokens(at::tensor(ids, at::kLong));
  cache.keys.resize(layout_.layers.size());
  cache.values.resize(layout_.layers.size());
  if (cache.length == 0 && network.virtual_tokens() > 0) {
    if (const Tensor prompt = network.prompt(); prompt.defined()) {
      x = at::cat({prompt, x});
    } else {
      cache.length = network.virtual_tokens();
      for (std::size_t i = 0; i < layout_.layers.size(); ++i) {
        const Tensor prefix = network.prefix(static_cast<int>(i));
        cache.keys[i] = prefix.narrow(1, 0, keys).clone();
        cache.values[i] = prefix.narrow(1, keys, keys).clone();
      }
    }
  }
  const std::int64_t count = x.size(0);
  const Tensor positions = at::arange(cache.length, cache.length + count, at::kLong);
  const AttentionPlanPtr plan = plan_of({0, count}, positions);
  const auto attend = [&](std::size_t layer, const Tensor& packed, DropoutSource& /*masks*/) {
    const Tensor turned = rotated(packed, *plan);
    const auto grow = [](Tensor& all, const Tensor& more) {
      all = all.defined() ? at::cat({all, more}) : more.clone();
    };
    grow(cache.keys[layer], turned.narrow(1, queries, keys));
    grow(cache.values[layer], turned.narrow(1, queries + keys, keys));
    const auto heads = [&](const Tensor& x, std::int64_t number) {
      return x.reshape({-1, number, width}).transpose(0, 1);
    };
    const std::int64_t group = config_.heads / config_.kv_heads;
    const Tensor q = heads(turned.narrow(1, 0, queries), config_.heads);  // [H, T, D]
    const Tensor k = heads(cache.keys[layer], config_.kv_heads).repeat_interleave(group, 0);
    const Tensor v = heads(cache.values[layer], config_.kv_heads).repeat_interleave(group, 0);
    Tensor scores = at::bmm(q, k.transpose(1, 2)) * plan->shape.scale;  // [H, T, cached + T]
    const Tensor later = at::ones({count, cache.length + count}, at::kBool).triu(cache.length + 1);
    scores = scores.masked_fill(later, -std::numeric_limits<float>::infinity()).softmax(-1);
    return at::bmm(scores, v).transpose(0, 1).reshape({count, queries});
  };
  const Tensor last = at::tensor(std::vector<std::int64_t>{count - 1}, at::kLong);
  const Tensor result = pass.layers(pass.place(x, positions, dropout), attend, last, dropout);
  cache.length += count;
  return result;
}

}  // namespace pegbox::train
