// LayerView: see layer_view.h.
#include "train/inspect/layer_view.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "text/packing.h"
#include "text/tokenized.h"

namespace pegbox::train {

void Squares::add(const Tensor& x) {
  sum += x.to(at::kDouble).square().sum().item<double>();
  count += x.numel();
}

double Squares::root_mean() const { return count > 0 ? std::sqrt(sum / static_cast<double>(count)) : 0; }

void LayerView::add(const LayerView& other) {
  attention.add(other.attention);
  rollout.first += other.rollout.first;
  rollout.distance += other.rollout.distance;
  rollout.queries += other.rollout.queries;
  stream.add(other.stream);
  stream_largest = std::max(stream_largest, other.stream_largest);
  attended.add(other.attended);
  fed.add(other.fed);
  units.add(other.units);
  if (other.unit_peaks.defined())
    unit_peaks = unit_peaks.defined() ? at::maximum(unit_peaks, other.unit_peaks) : other.unit_peaks;
}

void LayersView::end() {
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    LayerView of_batch;
    of_batch.rollout = rollout_.layers()[layer];
    layers_[layer].add(of_batch);
  }
}

void LayersView::add(const LayersView& other) {
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) layers_[layer].add(other.layers_[layer]);
}

void LayersView::stream(std::size_t layer, const Tensor& x) {
  if (layer == layers_.size()) return;
  layers_[layer].stream.add(x);
  layers_[layer].stream_largest = std::max(layers_[layer].stream_largest, x.abs().max().item<double>());
}

void LayersView::attention(std::size_t layer, const Tensor& packed, const AttentionPlan& plan) {
  for_each_share(rotated(packed.contiguous(), plan), plan,
                 [&](std::size_t document, std::int64_t first, const Tensor& shares) {
                   layers_[layer].attention.add(shares, first, plan.shape.window);
                   rollout_.add(document, first, shares);
                 });
  rollout_.end_layer();
}

void LayersView::units(std::size_t layer, const Tensor& inner) {
  layers_[layer].units.add(inner);
  const Tensor peaks = at::amax(at::abs(inner), 0);
  Tensor& all = layers_[layer].unit_peaks;
  all = all.defined() ? at::maximum(all, peaks) : peaks;
}

void LayersView::added(std::size_t layer, Sublayer by, const Tensor& delta) {
  (by == Sublayer::Attention ? layers_[layer].attended : layers_[layer].fed).add(delta);
}

namespace {

constexpr int kInductionTexts = 8;
constexpr std::int64_t kInductionPeriod = 48;

/// Sums the shares of repeated texts, all of one length.
class InductionView final : public PassObserver {
 public:
  InductionView(std::size_t layers, std::int64_t period) : period_(period), sums_(layers) {}

  void attention(std::size_t layer, const Tensor& packed, const AttentionPlan& plan) override {
    for_each_share(rotated(packed.contiguous(), plan), plan,
                   [&](std::size_t /*document*/, std::int64_t first, const Tensor& shares) {
                     const Tensor sums = induction_sums(shares, first, period_);
                     sums_[layer] = sums_[layer].defined() ? sums_[layer] + sums : sums;
                   });
  }

  std::vector<std::vector<double>> shares(std::int64_t queries) const {
    std::vector<std::vector<double>> shares;
    for (const Tensor& sums : sums_) {
      const Tensor means = (sums / static_cast<double>(queries)).contiguous();
      const double* const mean = means.const_data_ptr<double>();
      shares.emplace_back(mean, mean + means.numel());
    }
    return shares;
  }

 private:
  std::int64_t period_;
  Tensors sums_;  // [layers], each [H]
};

}  // namespace

InductionTest test_induction(const Decoder& decoder, const Network& network, std::int64_t tokens, std::uint64_t seed) {
  const c10::InferenceMode no_gradients;
  const std::int64_t period = std::min(kInductionPeriod, decoder.config().positions / 2);
  InductionTest test;
  text::PackedBatch packed{.offsets = {0}};
  for (int i = 0; i < kInductionTexts; ++i) {
    Rng rng({seed, stream_id("induction"), static_cast<std::uint64_t>(i)});
    auto& text = test.texts.emplace_back();
    for (std::int64_t j = 0; j < period; ++j)
      text.push_back(static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(tokens))));
    for (int reading = 0; reading < 2; ++reading) packed.ids.insert(packed.ids.end(), text.begin(), text.end());
    for (std::int64_t j = 0; j < 2 * period; ++j) packed.positions.push_back(j);
    packed.offsets.push_back(packed.tokens());
  }
  packed.labels.assign(packed.ids.size(), text::kNoLabel);
  packed.label_offsets.assign(packed.offsets.size(), 0);
  packed.longest = 2 * period;
  InductionView view(decoder.layout().layers.size(), period);
  decoder.observed(network, to_batch(packed), view);
  test.shares = view.shares(kInductionTexts * period);
  return test;
}

}  // namespace pegbox::train
