// A decoder of plain libtorch operations, one document at a time, for comparisons: what a method does to the model is
// given as functions. Not part of the library; of its arithmetic it shares the table of rotary angles alone.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <functional>
#include <limits>

#include "train/model/decoder.h"
#include "train/model/model_files.h"

namespace pegbox::train::testing {

/// What a method changes; by default nothing.
struct ReferenceChange {
  std::function<Tensor(int group, const Tensor& x)> linear;  ///< a group of linear layers
  std::function<Tensor(int layer, const Tensor&, const Tensor&)>
      feed;                            ///< of a feed-forward network's input and result
  Tensor prompt;                       ///< [N, C] before the embeddings
  Tensors prefix_keys, prefix_values;  ///< of each layer [N, K D]
  Tensors weights;                     ///< [slots], where they are not the base's
};

class ReferenceDecoder {
 public:
  ReferenceDecoder(const BaseModel& base, ReferenceChange change)
      : config_(base.decoder->config()),
        layout_(base.decoder->layout()),
        change_(std::move(change)),
        weights_(change_.weights.empty() ? base.weights : change_.weights) {}

  /// Hidden states [L, C] of one document, without those of a prompt.
  Tensor hidden(const Tensor& ids) const {
    const std::int64_t prompt = change_.prompt.defined() ? change_.prompt.size(0) : 0;
    const std::int64_t prefix = change_.prefix_keys.empty() ? 0 : change_.prefix_keys[0].size(0);
    Tensor x = weight(layout_.embedding).index_select(0, ids) * config_.embedding_scale();
    if (prompt > 0) x = at::cat({change_.prompt, x});
    if (layout_.positions >= 0) x = x + weight(layout_.positions).narrow(0, prefix, x.size(0));
    for (std::size_t i = 0; i < layout_.layers.size(); ++i) {
      const LayerSlots& layer = layout_.layers[i];
      const Tensor qkv = linear(layer.attention_input, norm(x, layer.attention_norm));
      x = x + post_norm(linear(layer.attention_output, attend(qkv, i, prefix)), layer.attention_post_norm);
      const Tensor normed = norm(x, layer.feed_norm);
      const Tensor delta =
          post_norm(linear(layer.feed_output, activate(linear(layer.feed_input, normed))), layer.feed_post_norm);
      x = x + (change_.feed ? change_.feed(static_cast<int>(i), normed, delta) : delta);
    }
    return norm(x, layout_.final_norm).narrow(0, prompt, ids.size(0)) * config_.output_factor;
  }

  Tensor plain_linear(int group, const Tensor& x) const {
    const LinearGroup& linear = layout_.groups[static_cast<std::size_t>(group)];
    const Tensor y = at::matmul(x, weight(linear.weight).t());
    return linear.bias >= 0 ? y + weight(linear.bias) : y;
  }

  const Tensor& weight(int slot) const { return weights_[static_cast<std::size_t>(slot)]; }

 private:
  Tensor linear(int group, const Tensor& x) const {
    return change_.linear ? change_.linear(group, x) : plain_linear(group, x);
  }

  Tensor norm(const Tensor& x, const NormSlots& slots) const {
    if (config_.norm == NormKind::RootMeanSquare)
      return (weight(slots.gain) + config_.gain_offset) * x / (x.pow(2).mean(-1, true) + config_.norm_epsilon).sqrt();
    const Tensor centred = x - x.mean(-1, true);
    return weight(slots.gain) * centred / (centred.pow(2).mean(-1, true) + config_.norm_epsilon).sqrt() +
           weight(slots.bias);
  }

  Tensor post_norm(const Tensor& x, const NormSlots& slots) const { return slots.gain < 0 ? x : norm(x, slots); }

  Tensor activate(const Tensor& x) const {
    if (!config_.gated) return at::gelu(x, "tanh");
    const std::int64_t half = x.size(1) / 2;
    const Tensor gate = x.narrow(1, 0, half);
    return (config_.activation == Activation::Silu ? at::silu(gate) : at::gelu(gate, "tanh")) * x.narrow(1, half, half);
  }

  Tensor heads(const Tensor& x, std::int64_t number) const {  // [L, number D] -> [number, L, D]
    return x.reshape({x.size(0), number, config_.head_width}).transpose(0, 1);
  }

  Tensor turned(const Tensor& x, std::size_t layer, std::int64_t first_position) const {  // [H, L, D]
    if (config_.position != PositionKind::Rotary) return x;
    const Rope& rope = config_.window(layer) > 0 && config_.local_rope ? *config_.local_rope : config_.rope;
    const auto [cosine, sine] = rotary_tables(rope, config_.head_width, config_.positions);
    const Tensor c = cosine.narrow(0, first_position, x.size(1)), s = sine.narrow(0, first_position, x.size(1));
    const std::int64_t half = config_.head_width / 2;
    const Tensor a = x.narrow(2, 0, half), b = x.narrow(2, half, half);
    return at::cat({a * c - b * s, b * c + a * s}, 2);
  }

  Tensor attend(const Tensor& qkv, std::size_t layer, std::int64_t prefix) const {
    const std::int64_t width = config_.head_width, count = qkv.size(0), keys = config_.kv_heads * width;
    const LayerSlots& slots = layout_.layers[layer];
    const auto ready = [&](const Tensor& x, std::int64_t number, const NormSlots& norm) {
      return turned(post_norm(heads(x, number), norm), layer, prefix);
    };
    const Tensor q = ready(qkv.narrow(1, 0, config_.heads * width), config_.heads, slots.query_norm);
    Tensor k = ready(qkv.narrow(1, config_.heads * width, keys), config_.kv_heads, slots.key_norm);
    Tensor v = heads(qkv.narrow(1, config_.heads * width + keys, keys), config_.kv_heads);
    if (prefix > 0) {
      k = at::cat({heads(change_.prefix_keys[layer], config_.kv_heads), k}, 1);
      v = at::cat({heads(change_.prefix_values[layer], config_.kv_heads), v}, 1);
    }
    const std::int64_t shared = config_.heads / config_.kv_heads;
    const double scale =
        config_.score_factor * (config_.score_scale > 0 ? config_.score_scale : 1 / std::sqrt(double(width)));
    Tensor scores = at::matmul(q, k.repeat_interleave(shared, 0).transpose(1, 2)) * scale;
    if (config_.score_cap > 0) scores = at::tanh(scores / config_.score_cap) * config_.score_cap;
    const Tensor query = at::arange(prefix, prefix + count).unsqueeze(1), key = at::arange(prefix + count);
    Tensor unseen = key.gt(query);
    if (config_.window(layer) > 0) unseen = unseen.logical_or(key.le(query - config_.window(layer)));
    const Tensor shares = scores.masked_fill(unseen, -std::numeric_limits<double>::infinity()).softmax(-1);
    return at::matmul(shares, v.repeat_interleave(shared, 0)).transpose(0, 1).reshape({count, config_.heads * width});
  }

  ModelConfig config_;
  ModelLayout layout_;
  ReferenceChange change_;
  Weights weights_;
};

}  // namespace pegbox::train::testing
