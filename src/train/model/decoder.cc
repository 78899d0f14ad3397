// Decoder: see decoder.h.
#include "train/model/decoder.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

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

bool PlainNetwork::same_weights(const PlainNetwork& other) const {
  return quantized_ == other.quantized_ &&
         std::ranges::equal(weights_, other.weights_, [](const Tensor& a, const Tensor& b) { return a.is_same(b); });
}

Tensor Network::feed_forward(int /*layer*/, const Tensor& /*input*/, const Tensor& result,
                             DropoutSource& /*dropout*/) const {
  return result;
}

Tensor Network::prefix(int /*layer*/) const { return {}; }

Decoder::Decoder(ModelConfig config, ModelLayout layout) : config_(std::move(config)), layout_(std::move(layout)) {
  if (config_.position != PositionKind::Rotary) return;
  tables_ = local_tables_ = rotary_tables(config_.rope, config_.head_width, config_.positions);
  if (config_.local_rope) local_tables_ = rotary_tables(*config_.local_rope, config_.head_width, config_.positions);
}

AttentionPlans Decoder::plans_of(const std::vector<std::int64_t>& offsets, const Tensor& positions) const {
  AttentionPlans plans;
  for (std::size_t i = 0; i < layout_.layers.size(); ++i) {
    const std::int64_t window = config_.window(i);
    const auto same = std::ranges::find_if(plans, [&](const auto& plan) { return plan->shape.window == window; });
    if (same != plans.end()) {
      plans.push_back(*same);
      continue;
    }
    const RotaryTables& tables = window > 0 ? local_tables_ : tables_;
    plans.push_back(std::make_shared<AttentionPlan>(AttentionPlan{
        .shape = {config_.heads, config_.kv_heads, config_.head_width, static_cast<float>(config_.attention_scale()),
                  window, static_cast<float>(config_.score_cap)},
        .offsets = offsets,
        .positions = positions,
        .cosine = tables.cosine,
        .sine = tables.sine}));
  }
  return plans;
}

/// One forward pass through the layers; how tokens attend to each other is the caller's.
class Decoder::Pass {
 public:
  using Attend = std::function<Tensor(std::size_t layer, const Tensor& packed, DropoutSource& dropout)>;

  Pass(const Decoder& decoder, const Network& network, ModelDropout probability, PassObserver* observer = nullptr)
      : config_(decoder.config_),
        layout_(decoder.layout_),
        network_(network),
        probability_(probability),
        observer_(observer) {}

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
    const auto [sum, normed] = add_and_norm(stream[0], stream[1], layout_.final_norm, config_.output_factor);
    if (observer_ != nullptr) observer_->stream(layout_.layers.size(), sum);
    return normed;
  }

 private:
  /// One layer. `stream`: the residual stream, and what is still to be added to it; so is the result.
  Tensors layer(std::size_t i, const Tensors& stream, const Attend& attend, const Tensor& rows,
                DropoutSource& dropout) const {
    const LayerSlots& layer = layout_.layers[i];
    auto [x, normed] = add_and_norm(stream[0], stream[1], layer.attention_norm);
    if (observer_ != nullptr) observer_->stream(i, x);
    Tensor mixed = attend(i, head_norms(layer, network_.linear(layer.attention_input, normed, dropout)), dropout);
    if (observer_ != nullptr) mixed = observer_->heads(i, mixed);
    if (rows.defined()) {
      mixed = mixed.index_select(0, rows);
      x = x.index_select(0, rows);
    }
    const Tensor attended = residual(
        post_norm(network_.linear(layer.attention_output, mixed, dropout), layer.attention_post_norm), dropout);
    if (observer_ != nullptr) observer_->added(i, PassObserver::Sublayer::Attention, attended);
    std::tie(x, normed) = add_and_norm(x, attended, layer.feed_norm);
    const Tensor inner = activate(network_.linear(layer.feed_input, normed, dropout));
    if (observer_ != nullptr) observer_->units(i, inner);
    const Tensor fed = post_norm(network_.linear(layer.feed_output, inner, dropout), layer.feed_post_norm);
    const Tensor delta = residual(network_.feed_forward(static_cast<int>(i), normed, fed, dropout), dropout);
    if (observer_ != nullptr) observer_->added(i, PassObserver::Sublayer::FeedForward, delta);
    return {x, delta};
  }

  static Tensor times(const Tensor& x, double factor) { return factor == 1 ? x : x * factor; }

  Tensor gain(int slot) const {
    const Tensor& weight = network_.weight(slot);
    return config_.gain_offset == 0 ? weight : weight + config_.gain_offset;
  }

  /// `factor`: of the norm's result, by way of its gain [C] and bias.
  std::pair<Tensor, Tensor> add_and_norm(const Tensor& x, const Tensor& delta, const NormSlots& norm,
                                         double factor = 1) const {
    const Tensor weight = times(gain(norm.gain), factor);
    if (config_.norm == NormKind::RootMeanSquare) return residual_rms_norm(x, delta, weight, config_.norm_epsilon);
    const Tensor sum = delta.defined() ? x + delta : x;
    return {sum, at::layer_norm(sum, {config_.width}, weight, times(network_.weight(norm.bias), factor),
                                config_.norm_epsilon)};
  }

  Tensor post_norm(const Tensor& x, const NormSlots& norm) const {
    return norm.gain < 0 ? x : add_and_norm(x, Tensor(), norm).second;
  }

  Tensor head_norms(const LayerSlots& layer, const Tensor& packed) const {
    if (layer.query_norm.gain < 0) return packed;
    return head_rms_norms(packed, gain(layer.query_norm.gain), gain(layer.key_norm.gain), config_.heads,
                          config_.kv_heads, config_.norm_epsilon);
  }

  Tensor residual(const Tensor& x, DropoutSource& dropout) const {
    return pegbox::train::dropout(x, dropout.next(probability_.residual));
  }

  Tensor activate(const Tensor& x) const {
    if (!config_.gated) return activated(x);
    if (config_.activation == Activation::Silu) return silu_gate(x);
    if (config_.activation == Activation::GeluTanh) return gelu_gate(x);
    return activated(x.narrow(1, 0, config_.feed_forward)) * x.narrow(1, config_.feed_forward, config_.feed_forward);
  }

  Tensor activated(const Tensor& x) const {
    switch (config_.activation) {
      case Activation::Silu:
        return at::silu(x);
      case Activation::GeluTanh:
        return at::gelu(x, "tanh");
      case Activation::Gelu:
        return at::gelu(x, "none");
      case Activation::Relu:
        return at::relu(x);
      case Activation::ReluSquared:
        return at::square(at::relu(x));
    }
    return x;
  }

  const ModelConfig& config_;
  const ModelLayout& layout_;
  const Network& network_;
  ModelDropout probability_;
  PassObserver* observer_;  // or none
};

Tensor Decoder::embed(const Network& network, const Tensor& ids) const {
  const Tensor rows = at::embedding(network.weight(layout_.embedding), ids);
  return config_.scaled_embeddings ? rows * config_.embedding_scale() : rows;
}

Tensor Decoder::hidden(const Network& network, const Batch& batch, DropoutSource& dropout,
                       const ModelDropout& probability, bool all_rows, bool recompute) const {
  if (!all_rows) dropout.also_at(batch.label_offsets);
  if (network.virtual_tokens() > 0) return hidden_behind(network, batch, dropout, probability, all_rows, recompute);
  const Pass pass(*this, network, probability);
  const auto attend = [plans = plans_of(batch.offsets, batch.positions), probability = probability.attention](
                          std::size_t layer, const Tensor& packed, DropoutSource& masks) {
    return packed_attention(packed, plans[layer], masks.next(probability));
  };
  return pass.layers(pass.place(embed(network, batch.ids), batch.positions, dropout), attend,
                     all_rows ? Tensor() : batch.label_rows, dropout, recompute);
}

Tensor Decoder::observed(const Network& network, const Batch& batch, PassObserver& observer) const {
  const Pass pass(*this, network, {}, &observer);
  const auto attend = [&observer, plans = plans_of(batch.offsets, batch.positions)](
                          std::size_t layer, const Tensor& packed, DropoutSource& masks) {
    observer.attention(layer, packed, *plans[layer]);
    return packed_attention(packed, plans[layer], masks.next(0));
  };
  DropoutSource none;
  return pass.layers(pass.place(embed(network, batch.ids), batch.positions, none), attend, Tensor(), none);
}

Tensor Decoder::hidden_behind(const Network& network, const Batch& batch, DropoutSource& dropout,
                              const ModelDropout& probability, bool all_rows, bool recompute) const {
  const bool embedded = network.prompt().defined();
  const std::optional<std::int64_t> unplaced = embedded ? std::nullopt : std::optional(config_.positions);
  const VirtualRows rows = virtual_rows(batch, network.virtual_tokens(), unplaced);
  dropout.also_at(rows.offsets);
  const AttentionPlans plans = plans_of(rows.offsets, rows.positions);
  const Pass pass(*this, network, probability);
  const Tensor tokens = embed(network, batch.ids);
  if (embedded) {  // tokens like others, whose results nobody reads
    const auto attend = [plans, probability = probability.attention](std::size_t layer, const Tensor& packed,
                                                                     DropoutSource& masks) {
      return packed_attention(packed, plans[layer], masks.next(probability));
    };
    const Tensor x = rows.behind(network.prompt(), tokens);
    return pass.layers(pass.place(x, rows.positions, dropout), attend,
                       all_rows ? rows.own : rows.own.index_select(0, batch.label_rows), dropout, recompute);
  }
  const auto attend = [&network, rows, plans, queries = config_.heads * config_.head_width,
                       probability = probability.attention](std::size_t layer, const Tensor& packed,
                                                            DropoutSource& masks) {
    const Tensor prefix = network.prefix(static_cast<int>(layer));  // without queries of their own
    const Tensor first = at::cat({at::zeros({prefix.size(0), queries}, prefix.options()), prefix}, 1);
    return packed_attention(rows.behind(first, packed), plans[layer], masks.next(probability))
        .index_select(0, rows.own);
  };
  return pass.layers(pass.place(tokens, rows.positions.index_select(0, rows.own), dropout), attend,
                     all_rows ? Tensor() : batch.label_rows, dropout, recompute);
}

Tensor Decoder::logits(const Network& network, const Tensor& hidden) const {
  const Tensor logits = at::mm(hidden, network.weight(layout_.head).t());
  return config_.logit_cap > 0 ? at::tanh(logits / config_.logit_cap) * config_.logit_cap : logits;
}

namespace {

/// Adds keys and values of `turned` [T, (H + 2 K) D] to those of a cache and attends to all of them -> [T, H D].
Tensor attend_over(Tensor& keys, Tensor& values, const Tensor& turned, const kernels::AttentionShape& shape) {
  const std::int64_t queries = shape.heads * shape.head_width, rest = shape.kv_heads * shape.head_width;
  const auto grow = [](Tensor& all, const Tensor& more) { all = all.defined() ? at::cat({all, more}) : more.clone(); };
  grow(keys, turned.narrow(1, queries, rest));
  grow(values, turned.narrow(1, queries + rest, rest));
  const std::int64_t group = shape.heads / shape.kv_heads, count = turned.size(0);
  const Tensor shares = attention_shares(turned.narrow(1, 0, queries), keys, shape);  // [H, T, before + T]
  const Tensor v = values.reshape({-1, shape.kv_heads, shape.head_width}).transpose(0, 1).repeat_interleave(group, 0);
  return at::bmm(shares, v).transpose(0, 1).reshape({count, queries});
}

/// What lies before the window of the tokens to come.
void forget_unseen(Tensor& rows, std::int64_t window) {
  if (window > 0 && rows.size(0) >= window) rows = rows.narrow(0, rows.size(0) - (window - 1), window - 1).clone();
}

}  // namespace

Tensor Decoder::extend(const Network& network, const std::vector<std::int64_t>& ids, KeyValueCache& cache) const {
  const at::InferenceMode no_gradients;
  DropoutSource dropout;
  const Pass pass(*this, network, {});
  Tensor x = embed(network, at::tensor(ids, at::kLong));
  cache.keys.resize(layout_.layers.size());
  cache.values.resize(layout_.layers.size());
  if (cache.length == 0 && network.virtual_tokens() > 0) {
    if (const Tensor prompt = network.prompt(); prompt.defined()) {
      x = at::cat({prompt, x});
    } else {
      const std::int64_t keys = config_.kv_heads * config_.head_width;
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
  const AttentionPlans plans = plans_of({0, count}, positions);
  const auto attend = [&](std::size_t layer, const Tensor& packed, DropoutSource& /*masks*/) {
    const AttentionPlan& plan = *plans[layer];
    Tensor result = attend_over(cache.keys[layer], cache.values[layer], rotated(packed, plan), plan.shape);
    if (!cache.whole)
      for (Tensor* const rows : {&cache.keys[layer], &cache.values[layer]}) forget_unseen(*rows, plan.shape.window);
    return result;
  };
  const Tensor last = at::tensor(std::vector<std::int64_t>{count - 1}, at::kLong);
  const Tensor result = pass.layers(pass.place(x, positions, dropout), attend, last, dropout);
  cache.length += count;
  return result;
}

}  // namespace pegbox::train
