// Head importance: see head_importance.h.
#include "train/inspect/head_importance.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "text/packing.h"
#include "train/batch.h"
#include "train/inspect/layer_view.h"
#include "train/mean_loss.h"
#include "train/ops/loss.h"

namespace pegbox::train {

namespace {

/// Each document's heads pass a gate of their own.
class Gates final : public PassObserver {
 public:
  Gates(const ModelConfig& config, const Batch& batch)
      : heads_(config.heads), deltas_(static_cast<std::size_t>(config.layers)) {
    const auto documents = std::ssize(batch.offsets) - 1;
    for (std::int64_t layer = 0; layer < config.layers; ++layer)
      gates_.push_back(at::ones({documents, heads_}, at::kFloat).set_requires_grad(true));
    std::vector<std::int64_t> document_of(static_cast<std::size_t>(batch.tokens()));
    for (std::int64_t d = 0; d < documents; ++d)
      for (std::int64_t row = batch.offsets[d]; row < batch.offsets[d + 1]; ++row) document_of[row] = d;
    document_of_ = at::tensor(document_of, at::kLong);
  }

  Tensor heads(std::size_t layer, const Tensor& mixed) override {
    const Tensor gate = gates_[layer].index_select(0, document_of_);  // [T, H]
    return (mixed.reshape({mixed.size(0), heads_, -1}) * gate.unsqueeze(-1)).reshape(mixed.sizes());
  }
  void added(std::size_t layer, Sublayer by, const Tensor& delta) override {
    if (by != Sublayer::FeedForward) return;
    deltas_[layer] = delta;
    deltas_[layer].retain_grad();
  }

  Tensor gradient(std::size_t layer) const { return gates_[layer].grad(); }  // [D, H]
  Tensor stream_gradient(std::size_t layer) const { return deltas_[layer].grad(); }

 private:
  std::int64_t heads_;
  Tensors gates_;
  Tensor document_of_;  // [T]
  Tensors deltas_;
};

/// What one lane has seen.
struct GradientSums {
  Tensors heads;  // [layers], each [H] double
  std::vector<Squares> streams;
  std::int64_t documents = 0;
};

/// The sum of the documents' mean losses.
Tensor sum_of_means(const Decoder& decoder, const Network& network, const Tensor& hidden, const Batch& batch,
                    std::int64_t& documents) {
  std::vector<float> weights;
  for (std::size_t d = 0; d + 1 < batch.label_offsets.size(); ++d) {
    const std::int64_t labels = batch.label_offsets[d + 1] - batch.label_offsets[d];
    weights.insert(weights.end(), static_cast<std::size_t>(labels), 1 / static_cast<float>(labels));
    documents += labels > 0;
  }
  return label_loss(hidden.index_select(0, batch.label_rows), network.weight(decoder.layout().head), batch.labels, 1,
                    {.logit_cap = decoder.config().logit_cap, .row_weights = at::tensor(weights, at::kFloat)});
}

void add_gradients(const Decoder& decoder, const Network& network, const Batch& batch, GradientSums& sums) {
  if (batch.label_tokens() == 0) {  // gradients are 0
    for (Squares& stream : sums.streams) stream.count += batch.tokens() * decoder.config().width;
    return;
  }
  Gates gates(decoder.config(), batch);
  const Tensor hidden = decoder.observed(network, batch, gates);
  sum_of_means(decoder, network, hidden, batch, sums.documents).backward();
  for (std::size_t layer = 0; layer < sums.heads.size(); ++layer) {
    sums.heads[layer] += gates.gradient(layer).abs().sum(0, false, at::kDouble);
    sums.streams[layer].add(gates.stream_gradient(layer));
  }
}

/// Says nothing in the place of one head.
class Without final : public PassObserver {
 public:
  Without(const ModelConfig& config, std::size_t layer, std::int64_t head)
      : width_(config.head_width), layer_(layer), head_(head) {}
  Tensor heads(std::size_t layer, const Tensor& mixed) override {
    if (layer != layer_) return mixed;
    Tensor rest = mixed.clone();
    rest.narrow(1, head_ * width_, width_).zero_();
    return rest;
  }

 private:
  std::int64_t width_;
  std::size_t layer_;
  std::int64_t head_;
};

/// The loss of each row [rows], not divided by its labels.
std::vector<double> losses_seen_by(PassObserver& observer, const Decoder& decoder, const Network& network,
                                   const std::vector<Batch>& batches) {
  const c10::InferenceMode no_gradients;
  std::vector<double> losses;
  for (const Batch& batch : batches) {
    const Tensor hidden = decoder.observed(network, batch, observer).index_select(0, batch.label_rows);
    for (std::size_t d = 0; d + 1 < batch.label_offsets.size(); ++d) {
      const std::int64_t first = batch.label_offsets[d], count = batch.label_offsets[d + 1] - first;
      losses.push_back(count == 0
                           ? 0
                           : label_loss_value(hidden.narrow(0, first, count), network.weight(decoder.layout().head),
                                              batch.labels.narrow(0, first, count), decoder.config().logit_cap));
    }
  }
  return losses;
}

}  // namespace

std::vector<double> GradientView::normalized(std::size_t layer) const {
  std::vector<double> values = heads[layer];
  const double norm = std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
  for (double& value : values) value = norm > 0 ? value / norm : 0;
  return values;
}

GradientView gradient_view(const Decoder& decoder, const Network& network, const text::TokenizedRows& data,
                           std::span<const std::int64_t> rows, Lanes& lanes, std::int64_t batch_tokens) {
  const auto layers = decoder.layout().layers.size();
  const auto batches = text::micro_batches(data, rows, batch_tokens);
  std::vector<GradientSums> parts(static_cast<std::size_t>(lanes.count()));
  for (GradientSums& sums : parts) {
    sums.streams.resize(layers);
    for (std::size_t i = 0; i < layers; ++i) sums.heads.push_back(at::zeros({decoder.config().heads}, at::kDouble));
  }
  lanes.each(batches.size(), [&](std::size_t i, int lane) {
    add_gradients(decoder, network, to_batch(text::pack(data, batches[i])), parts[static_cast<std::size_t>(lane)]);
  });
  GradientView view;
  for (const GradientSums& part : parts) view.documents += part.documents;
  for (std::size_t layer = 0; layer < layers; ++layer) {
    Tensor heads = at::zeros({decoder.config().heads}, at::kDouble);
    Squares stream;
    for (const GradientSums& part : parts) {
      heads += part.heads[layer];
      stream.add(part.streams[layer]);
    }
    heads /= static_cast<double>(view.documents);
    view.heads.emplace_back(heads.const_data_ptr<double>(), heads.const_data_ptr<double>() + heads.numel());
    view.streams.push_back(stream.root_mean());
  }
  return view;
}

std::vector<std::vector<Removal>> removals(const Decoder& decoder, const Network& network,
                                           const text::TokenizedRows& data, std::span<const std::int64_t> rows,
                                           Lanes& lanes, std::int64_t batch_tokens) {
  std::vector<Batch> batches;
  std::vector<double> labels;
  for (const auto& batch_rows : text::micro_batches(data, rows, batch_tokens)) {
    batches.push_back(to_batch(text::pack(data, batch_rows)));
    for (const std::int64_t row : batch_rows) labels.push_back(static_cast<double>(data.label_tokens(row)));
  }
  PassObserver nobody;
  const std::vector<double> whole = losses_seen_by(nobody, decoder, network, batches);
  const auto heads = static_cast<std::size_t>(decoder.config().heads);
  std::vector<std::vector<Removal>> result(decoder.layout().layers.size(), std::vector<Removal>(heads));
  lanes.each(result.size() * heads, [&](std::size_t i, int) {
    Without without(decoder.config(), i / heads, static_cast<std::int64_t>(i % heads));
    std::vector<double> grown = losses_seen_by(without, decoder, network, batches);
    for (std::size_t row = 0; row < grown.size(); ++row) grown[row] -= whole[row];
    const MeanLoss mean = mean_loss_of(grown, labels);
    result[i / heads][i % heads] = {mean.loss, mean.error};
  });
  return result;
}

}  // namespace pegbox::train
