// LayerView: sizes of what flows through a decoder's layers, seen in passes over real text.
#pragma once

#include <cstdint>
#include <vector>

#include "train/inspect/attention_view.h"
#include "train/model/decoder.h"
#include "train/model/pass_observer.h"
#include "train/tensor.h"

namespace pegbox::train {

/// Sums over the numbers of tensors of one kind.
struct Squares {
  double sum = 0;
  std::int64_t count = 0;
  void add(const Tensor& x);
  void add(const Squares& other) { sum += other.sum, count += other.count; }
  double root_mean() const;  ///< 0 of none
};

/// Of one layer.
struct LayerView {
  AttentionView attention;
  RolloutView::Sums rollout;
  Squares stream;             ///< that the layer meets
  double stream_largest = 0;  ///< the largest number in it
  Squares attended, fed;      ///< what attention and the feed-forward network add to it
  Squares units;              ///< of the feed-forward network, behind their activation
  Tensor unit_peaks;          ///< [F] the largest absolute number of each on all tokens
  void add(const LayerView& other);
};

/// Looks at passes over batches, one after another.
class LayersView final : public PassObserver {
 public:
  explicit LayersView(std::size_t layers) : layers_(layers) {}

  /// Before each batch.
  void begin() { rollout_ = {}; }
  /// After each batch.
  void end();
  void add(const LayersView& other);
  const std::vector<LayerView>& layers() const { return layers_; }
  /// What the tokens of a document of the batch are made of after the last layer [L, L], by query and source.
  const Tensor& relevance(std::size_t document) const { return rollout_.relevance(document); }

  void stream(std::size_t layer, const Tensor& x) override;
  void attention(std::size_t layer, const Tensor& packed, const AttentionPlan& plan) override;
  void units(std::size_t layer, const Tensor& inner) override;
  void added(std::size_t layer, Sublayer by, const Tensor& delta) override;

 private:
  std::vector<LayerView> layers_;
  RolloutView rollout_;
};

/// How much each head follows repetitions (Olsson et al. 2022, arXiv 2209.11895): the mean share of the token that came
/// next the first time, while a text of random tokens is read for the second time.
struct InductionTest {
  std::vector<std::vector<std::int64_t>> texts;  ///< each to be read twice
  std::vector<std::vector<double>> shares;       ///< [layers][H]
};

/// On 8 texts of up to 48 tokens below `tokens`, at most half of the model's positions.
InductionTest test_induction(const Decoder& decoder, const Network& network, std::int64_t tokens, std::uint64_t seed);

}  // namespace pegbox::train
