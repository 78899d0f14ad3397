// AttentionView: what the heads of a decoder look at, from the shares that each query gives to each key.
//
// Shares are computed again beside the pass, a few queries at a time: training and evaluation never have them.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "train/ops/attention.h"
#include "train/tensor.h"

namespace pegbox::train {

/// Of one head, means over the queries that see another token than their own.
struct HeadPattern {
  double entropy = 0;           ///< of a query's shares, in nats
  double relative_entropy = 0;  ///< of that of equal shares of all keys it sees: 0 one key, 1 all alike
  double distance = 0;          ///< tokens from the query back to its keys
  double first_share = 0;       ///< of the document's first token: the sink (Xiao et al. 2023, arXiv 2309.17453)
  double previous_share = 0;    ///< of the token before
};

/// Attention rollout (Abnar and Zuidema 2020, arXiv 2005.00928) from the embeddings through a layer: mean over heads,
/// half of each token its own, layers multiplied. Means over queries that see another token.
struct Rollout {
  double first_share = 0;  ///< of what a token is made of that came from the document's first one
  double distance = 0;     ///< tokens back to where it came from
};

/// Of `turned` [T, (H + 2 K) D], a document at a time: calls `see` with the shares [H, rows, keys] of some of its
/// queries, the first of which is at `first` in the document.
using SeeShares = std::function<void(std::size_t document, std::int64_t first, const Tensor& shares)>;
void for_each_share(const Tensor& turned, const AttentionPlan& plan, const SeeShares& see);

/// Of one layer.
class AttentionView {
 public:
  /// `window`: keys that a query of the layer sees at most; 0: all.
  void add(const Tensor& shares, std::int64_t first, std::int64_t window);
  void add(const AttentionView& other);
  std::vector<HeadPattern> heads() const;  // [H]

 private:
  Tensor sums_;  // [5, H] double
  std::int64_t queries_ = 0;
};

/// Of the documents of one batch, layer after layer.
class RolloutView {
 public:
  /// In the order of layers, documents and queries.
  void add(std::size_t document, std::int64_t first, const Tensor& shares);
  /// After the documents of a layer: counts what they are made of now.
  void end_layer();

  struct Sums {
    double first = 0, distance = 0;
    std::int64_t queries = 0;
  };
  const std::vector<Sums>& layers() const { return layers_; }
  /// What the tokens of a document are made of now [L, L], by query and source.
  const Tensor& relevance(std::size_t document) const { return relevance_[document]; }

 private:
  Tensors relevance_;          // [D]; undefined: each token is its own
  std::vector<Tensors> next_;  // [D] rows of the layer in work
  std::vector<Sums> layers_;
};

/// The mean share of the token that followed the query's token when it stood `period` tokens before, over the queries
/// of a document of twice so many tokens that stand in its second half: sums [H] double of what `shares` has of them.
Tensor induction_sums(const Tensor& shares, std::int64_t first, std::int64_t period);

}  // namespace pegbox::train
