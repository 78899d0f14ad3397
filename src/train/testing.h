// testing: small models, random rows and comparisons that the tests of this room share. Not part of the library.
#pragma once

#include <ATen/ATen.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "text/tokenized.h"
#include "train/model/initialize.h"
#include "train/model/model_files.h"

namespace pegbox::train::testing {

/// The value of a Result; the test stops with its message otherwise.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

inline Tensor random_tensor(std::vector<std::int64_t> shape, std::uint64_t seed, double deviation = 1) {
  Tensor tensor = at::empty(shape, at::kFloat);
  fill_normal(tensor, deviation, {seed, stream_id("testing")});
  return tensor;
}

/// Largest difference of two tensors relative to the largest value of the second.
inline double relative_difference(const Tensor& a, const Tensor& b) {
  const double scale = b.abs().max().item<double>();
  return (a - b).abs().max().item<double>() / (scale > 0 ? scale : 1);
}

inline Tensor rounded_to_bf16(const Tensor& x) { return x.detach().to(at::kBFloat16).to(at::kDouble); }

/// That sums were rounded to bf16 once: off by 2^-8 of themselves at most. Sums in bf16 would be off by far more.
inline void expect_rounded_once(const Tensor& ours, const Tensor& exact) {
  EXPECT_LE(((ours - exact).abs() - exact.abs() / 256).max().item<double>(), 1e-3);
}

/// Counts the tensors of its thread, as libtorch reports them to profilers.
class MemoryMeter final : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void* /*pointer*/, std::int64_t bytes, std::size_t /*allocated*/, std::size_t /*reserved*/,
                         c10::Device /*device*/) override {
    held_ += bytes;
    peak_ = std::max(peak_, held_);
  }
  bool memoryProfilingEnabled() const override { return true; }
  std::int64_t peak() const { return peak_; }

 private:
  std::int64_t held_ = 0, peak_ = 0;
};

/// The most bytes that `work` had in tensors at once, besides those that were there before.
template <class Work>
std::int64_t peak_bytes(Work&& work) {
  const auto meter = std::make_shared<MemoryMeter>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, meter);
  work();
  return meter->peak();
}

inline bool same_bits(const Tensor& a, const Tensor& b) { return a.sizes() == b.sizes() && at::equal(a, b); }

/// Rows of random tokens with the given lengths; the first `prompt_fraction` of each row is no label.
inline text::TokenizedRows random_rows(const std::vector<std::int64_t>& lengths, std::int64_t vocabulary,
                                       std::uint64_t seed, double prompt_fraction = 0) {
  text::TokenizedRows rows;
  Rng rng({seed, stream_id("rows")});
  for (const std::int64_t length : lengths) {
    for (std::int64_t i = 0; i < length; ++i)
      rows.ids.push_back(static_cast<text::TokenId>(rng.below(static_cast<std::uint64_t>(vocabulary))));
    rows.offsets.push_back(rows.offsets.back() + length);
    rows.label_starts.push_back(
        std::max<std::int64_t>(1, static_cast<std::int64_t>(prompt_fraction * static_cast<double>(length))));
  }
  rows.content_hash = seed;
  return rows;
}

/// A stream of two sets: sequences in which each token follows from the one before by a rule of its set, 3 x + 1 and
/// 7 x + 2 modulo 50; `counts` rows of 16 tokens of each.
inline text::TokenizedRows rows_in_turn(const std::vector<std::int64_t>& counts = {40, 20}) {
  text::TokenizedRows rows;
  rows.groups_in_turn = true;
  rows.content_hash = 7;
  for (std::size_t set = 0; set < counts.size(); ++set) {
    rows.group_names.push_back(std::string(1, static_cast<char>('a' + set)));
    const auto step = static_cast<std::int64_t>(set);
    for (std::int64_t row = 0; row < counts[set]; ++row) {
      std::int64_t x = row % 50;
      for (int i = 0; i < 16; ++i, x = ((3 + 4 * step) * x + 1 + step) % 50)
        rows.ids.push_back(static_cast<text::TokenId>(x));
      rows.offsets.push_back(std::ssize(rows.ids));
      rows.label_starts.push_back(1);
      rows.groups.push_back(static_cast<std::int32_t>(set));
    }
  }
  return rows;
}

inline ModelConfig llama_config() {
  return {.family = "llama",
          .vocabulary = 61,
          .width = 32,
          .layers = 2,
          .heads = 4,
          .kv_heads = 2,
          .head_width = 8,
          .feed_forward = 48,
          .positions = 256,
          .tied_embeddings = true};
}

inline ModelConfig gpt2_config() {
  return {.family = "gpt2",
          .vocabulary = 61,
          .width = 32,
          .layers = 2,
          .heads = 4,
          .kv_heads = 4,
          .head_width = 8,
          .feed_forward = 64,
          .positions = 256,
          .norm = NormKind::Layer,
          .activation = Activation::GeluTanh,
          .gated = false,
          .position = PositionKind::Learned,
          .attention_input_bias = true,
          .attention_output_bias = true,
          .feed_forward_bias = true,
          .tied_embeddings = true};
}

/// What other families have that Llama has not: norms of heads and of results, a window with rotations of its own.
inline ModelConfig gemma_config() {
  ModelConfig config = llama_config();
  config.family = "gemma3_text";
  config.head_width = 6;
  config.gain_offset = 1;
  config.head_norms = config.post_norms = true;
  config.activation = Activation::GeluTanh;
  config.rope.theta = 1e6;
  config.local_rope = Rope{.theta = 1e4};
  config.windows = {9, 0};
  config.score_scale = 0.25;
  config.logit_cap = 3;
  config.attention_input_bias = config.attention_output_bias = true;
  config.scaled_embeddings = true;
  return config;
}

/// A model with random weights; biases and gains are random too, so that no test passes because they are trivial.
inline BaseModel random_model(const ModelConfig& config, std::uint64_t seed = 1) {
  BaseModel model{.name = "random"};
  const ModelLayout layout = layout_of(config);
  model.weights = initialize_weights(config, layout, seed);
  for (std::size_t i = 0; i < model.weights.size(); ++i)
    model.weights[i] = model.weights[i] * 5 + random_tensor(layout.slots[i].shape, seed + 100 + i, 0.02);
  model.decoder = std::make_unique<Decoder>(config, layout);
  return model;
}

}  // namespace pegbox::train::testing
