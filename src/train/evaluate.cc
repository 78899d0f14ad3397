// evaluate: see evaluate.h.
#include "train/evaluate.h"

#include <c10/core/InferenceMode.h>

#include <cmath>

#include "text/packing.h"
#include "train/batch.h"
#include "train/ops/loss.h"

namespace pegbox::train {

namespace {

/// What one batch adds to an evaluation: the sum of its losses, not yet divided.
Evaluation loss_sum(const Decoder& decoder, const Network& network, const text::TokenizedRows& data,
                    const std::vector<std::int64_t>& rows) {
  const Batch batch = to_batch(text::pack(data, rows));
  if (batch.label_tokens() == 0) return {};
  DropoutSource none;
  const Tensor hidden = decoder.hidden(network, batch, none);
  Evaluation sum{
      .loss = label_loss_value(hidden, network.weight(decoder.layout().head), batch.labels, decoder.config().logit_cap),
      .label_tokens = batch.label_tokens()};
  if (!decoder.config().labels.empty()) sum.classes.count(decoder.logits(network, hidden), batch.labels);
  return sum;
}

/// Sums of all batches, each computed by one lane.
std::vector<Evaluation> loss_sums(const Decoder& decoder, const Network& network, const text::TokenizedRows& data,
                                  Lanes& lanes, const std::vector<std::vector<std::int64_t>>& batches) {
  std::vector<Evaluation> sums(batches.size());
  lanes.run([&](int lane) {
    const c10::InferenceMode no_gradients;
    for (std::size_t i = static_cast<std::size_t>(lane); i < batches.size();
         i += static_cast<std::size_t>(lanes.count()))
      sums[i] = loss_sum(decoder, network, data, batches[i]);
  });
  return sums;
}

void add(Evaluation& total, const Evaluation& sum) {
  total.loss += sum.loss;
  total.label_tokens += sum.label_tokens;
  total.classes.add(sum.classes);
}

void divide(Evaluation& total) {
  total.loss = total.label_tokens > 0 ? total.loss / static_cast<double>(total.label_tokens) : NAN;
}

/// Rows up to `most_tokens` (0: all), of a mixture by its sets and of each equally many; else under an empty name.
std::vector<std::pair<std::string, std::vector<std::int64_t>>> sets_of(const text::TokenizedRows& data,
                                                                       std::int64_t most_tokens) {
  const bool is_mixture = !data.groups.empty() && !data.groups_are_classes;
  std::vector<std::pair<std::string, std::vector<std::int64_t>>> sets;
  if (!is_mixture) sets.push_back({"", {}});
  if (is_mixture)
    for (const std::string& name : data.group_names) sets.push_back({name, {}});
  std::vector<std::int64_t> tokens(sets.size());
  const std::int64_t most = most_tokens / std::ssize(sets);
  for (std::int64_t row = 0; row < data.size(); ++row) {
    const auto set = static_cast<std::size_t>(is_mixture ? data.groups[row] : 0);
    if (most_tokens > 0 && tokens[set] >= most) continue;
    sets[set].second.push_back(row);
    tokens[set] += data.length(row);
  }
  return sets;
}

}  // namespace

double Evaluation::perplexity() const { return std::exp(loss); }

Evaluation evaluate(const Decoder& decoder, const Network& network, const text::TokenizedRows& data, Lanes& lanes,
                    std::int64_t batch_tokens, std::int64_t most_tokens) {
  Evaluation result;
  for (const auto& [name, set_rows] : sets_of(data, most_tokens)) {
    Evaluation set;
    for (const Evaluation& sum :
         loss_sums(decoder, network, data, lanes, text::micro_batches(data, set_rows, batch_tokens)))
      add(set, sum);
    add(result, set);
    divide(set);
    if (!name.empty() && set.label_tokens > 0) result.set_losses[name] = set.loss;
  }
  divide(result);
  return result;
}

std::vector<Evaluation> evaluate_each(const Decoder& decoder, const Network& network, const text::TokenizedRows& data,
                                      Lanes& lanes, std::int64_t batch_tokens) {
  std::vector<std::vector<std::int64_t>> batches;
  std::vector<std::size_t> texts;  // of each batch
  std::size_t count = 0;
  for (std::int64_t first = 0; first < data.size();) {
    std::vector<std::int64_t> rows;
    const std::int64_t source = data.sources[static_cast<std::size_t>(first)];
    for (; first < data.size() && data.sources[static_cast<std::size_t>(first)] == source; ++first)
      rows.push_back(first);
    for (auto& batch : text::micro_batches(data, rows, batch_tokens)) {
      batches.push_back(std::move(batch));
      texts.push_back(static_cast<std::size_t>(source));
    }
    count = static_cast<std::size_t>(source) + 1;
  }
  const auto sums = loss_sums(decoder, network, data, lanes, batches);
  std::vector<Evaluation> results(count);
  for (std::size_t i = 0; i < sums.size(); ++i) add(results[texts[i]], sums[i]);
  for (Evaluation& result : results) divide(result);
  return results;
}

}  // namespace pegbox::train
