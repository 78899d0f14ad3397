// Decoder: the one forward pass of all model families, on packed documents and on tokens that follow a cache.
//
// It is a function of (architecture, network, batch): it owns no weights, only what follows from the architecture.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "train/batch.h"
#include "train/model/model_config.h"
#include "train/model/network.h"
#include "train/model/pass_observer.h"
#include "train/model/rotary.h"
#include "train/tensor.h"

namespace pegbox::train {

struct AttentionPlan;
using AttentionPlans = std::vector<std::shared_ptr<const AttentionPlan>>;  ///< [layers]; equal ones are shared

/// Probabilities of the dropouts of the model itself; adapters have their own.
struct ModelDropout {
  double embedding = 0, attention = 0, residual = 0;
};

/// Keys and values of the tokens so far, of one document.
struct KeyValueCache {
  std::int64_t length = 0;
  Tensors keys, values;  // of each layer [length, or window - 1 where that is less, K D], keys already turned
  bool whole = false;    ///< keeps what no token to come sees, too
};

class Decoder {
 public:
  /// `layout` is that of `config`; both are copied.
  Decoder(ModelConfig config, ModelLayout layout);

  const ModelConfig& config() const { return config_; }
  const ModelLayout& layout() const { return layout_; }

  /// Hidden states after the last norm of the rows that have a label [L, C]; of all rows [T, C] if `all_rows`.
  /// Rows whose hidden state nobody reads skip the last layer's feed-forward network. `recompute`: a layer's
  /// activations are forgotten and computed again in the backward pass, until which `network` lives; the same bits.
  Tensor hidden(const Network& network, const Batch& batch, DropoutSource& dropout,
                const ModelDropout& probability = {}, bool all_rows = false, bool recompute = false) const;

  /// `hidden` of all rows [T, C] while an observer looks on; of a network without virtual tokens.
  Tensor observed(const Network& network, const Batch& batch, PassObserver& observer) const;

  /// Embeddings of tokens [T, C], as the first layer meets them but for their positions.
  Tensor embed(const Network& network, const Tensor& ids) const;

  /// [C, V] times the head: logits [rows, V] of hidden states.
  Tensor logits(const Network& network, const Tensor& hidden) const;

  /// Hidden state [1, C] of the last of `ids`, which follow the tokens in `cache` and are added to it. An empty cache
  /// gets the network's virtual tokens first.
  Tensor extend(const Network& network, const std::vector<std::int64_t>& ids, KeyValueCache& cache) const;

 private:
  class Pass;
  AttentionPlans plans_of(const std::vector<std::int64_t>& offsets, const Tensor& positions) const;
  /// `hidden` of a network with virtual tokens.
  Tensor hidden_behind(const Network& network, const Batch& batch, DropoutSource& dropout,
                       const ModelDropout& probability, bool all_rows, bool recompute) const;

  ModelConfig config_;
  ModelLayout layout_;
  RotaryTables tables_, local_tables_;  // of layers that see all, and of those with a window
};

}  // namespace pegbox::train
