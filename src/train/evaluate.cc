// evaluate: see evaluate.h.
#include "train/evaluate.h"

#include <c10/core/InferenceMode.h>

#include <cmath>
#include <numeric>

#include "text/packing.h"
#include "train/balanced_lists.h"
#include "train/batch.h"
#include "train/mean_loss.h"
#include "train/ops/loss.h"

namespace pegbox::train {

namespace {

/// What rows add to an evaluation.
struct RowSums {
  std::vector<double> losses;  // [rows], not yet divided
  ClassCounts classes;
};

/// The losses of a document apart, each as a part of the batch's hidden rows.
RowSums batch_sums(const Decoder& decoder, const Network& network, const text::TokenizedRows& data,
                   const std::vector<std::int64_t>& rows) {
  const Batch batch = to_batch(text::pack(data, rows));
  RowSums sums{.losses = std::vector<double>(rows.size()), .classes = {}};
  if (batch.label_tokens() == 0) return sums;
  DropoutSource none;
  const Tensor hidden = decoder.hidden(network, batch, none);
  const Tensor& head = network.weight(decoder.layout().head);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t first = batch.label_offsets[i], count = batch.label_offsets[i + 1] - first;
    if (count > 0)
      sums.losses[i] = label_loss_value(hidden.narrow(0, first, count), head, batch.labels.narrow(0, first, count),
                                        decoder.config().logit_cap);
  }
  if (!decoder.config().labels.empty()) sums.classes.count(decoder.logits(network, hidden), batch.labels);
  return sums;
}

/// Of all rows. Each lane gets as many tokens as the others, in batches of about `batch_tokens` at most.
RowSums row_sums(const Decoder& decoder, const Network& network, const text::TokenizedRows& data,
                 std::span<const std::int64_t> rows, Lanes& lanes, std::int64_t batch_tokens) {
  std::vector<std::int64_t> lengths;
  for (const std::int64_t row : rows) lengths.push_back(data.length(row));
  const std::int64_t tokens = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
  const std::int64_t at_once = lanes.count() * batch_tokens, rounds = (tokens + at_once - 1) / at_once;
  const auto batches = balanced_lists(lengths, static_cast<std::size_t>(lanes.count() * rounds));
  std::vector<RowSums> parts(batches.size());
  lanes.each(batches.size(), [&](std::size_t i, int) {
    const c10::InferenceMode no_gradients;
    std::vector<std::int64_t> batch;
    for (const std::size_t place : batches[i]) batch.push_back(rows[place]);
    if (!batch.empty()) parts[i] = batch_sums(decoder, network, data, batch);
  });
  RowSums sums{.losses = std::vector<double>(rows.size()), .classes = {}};
  for (std::size_t i = 0; i < batches.size(); ++i) {
    for (std::size_t j = 0; j < batches[i].size(); ++j) sums.losses[batches[i][j]] = parts[i].losses[j];
    sums.classes.add(parts[i].classes);
  }
  return sums;
}

}  // namespace

double Evaluation::perplexity() const { return std::exp(loss); }

Evaluation evaluate(const Decoder& decoder, const Network& network, const EvaluationRows& rows, Lanes& lanes,
                    std::int64_t batch_tokens) {
  return evaluate_sets(decoder, rows, lanes, batch_tokens,
                       [&](const RowSet& /*set*/) -> const Network& { return network; });
}

Evaluation evaluate_sets(const Decoder& decoder, const EvaluationRows& rows, Lanes& lanes, std::int64_t batch_tokens,
                         const std::function<const Network&(const RowSet&)>& network_for) {
  Evaluation result;
  double sum = 0, squares = 0;  // over the sets, each a sample of its own
  for (const RowSet& set : rows.sets()) {
    const RowSums sums = row_sums(decoder, network_for(set), rows.data(), set.rows, lanes, batch_tokens);
    std::vector<double> labels;
    for (const std::int64_t row : set.rows) labels.push_back(static_cast<double>(rows.data().label_tokens(row)));
    const MeanLoss mean = mean_loss_of(sums.losses, labels);
    result.classes.add(sums.classes);
    if (mean.labels == 0) continue;
    if (!set.name.empty()) result.set_losses[set.name] = mean.loss;
    const auto count = static_cast<double>(mean.labels);
    sum += mean.loss * count;
    if (std::isfinite(mean.error)) squares += mean.error * count * mean.error * count;
    result.label_tokens += mean.labels;
  }
  const auto count = static_cast<double>(result.label_tokens);  // 0: neither is a number
  result.loss = sum / count;
  result.error = std::sqrt(squares) / count;
  return result;
}

std::vector<double> row_losses(const Decoder& decoder, const Network& network, const text::TokenizedRows& data,
                               std::span<const std::int64_t> rows, Lanes& lanes, std::int64_t batch_tokens) {
  return row_sums(decoder, network, data, rows, lanes, batch_tokens).losses;
}

std::vector<Evaluation> evaluate_each(const Decoder& decoder, const Network& network, const text::TokenizedRows& data,
                                      Lanes& lanes, std::int64_t batch_tokens) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(data.size()));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  const std::vector<double> losses = row_losses(decoder, network, data, rows, lanes, batch_tokens);
  std::vector<Evaluation> results;
  for (std::size_t row = 0; row < losses.size(); ++row) {
    const auto text = static_cast<std::size_t>(data.sources[row]);
    if (text >= results.size()) results.resize(text + 1);
    results[text].loss += losses[row];
    results[text].label_tokens += data.label_tokens(rows[row]);
  }
  for (Evaluation& result : results) result.loss /= static_cast<double>(result.label_tokens);  // of none, no number
  return results;
}

}  // namespace pegbox::train
