// measure: see measure.h.
#include "train/measure.h"

#include <ATen/ops/argmax.h>
#include <ATen/ops/log_softmax.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "text/packing.h"
#include "train/batch.h"
#include "train/ops/loss.h"

namespace pegbox::train {

std::vector<TokenMeasure> measure_tokens(const Decoder& decoder, const Network& network, const Tensor& hidden,
                                         const Tensor& labels) {
  const std::int64_t rows = hidden.size(0), chunk = loss_chunk_rows(rows, decoder.config().vocabulary);
  const std::int64_t* const label = labels.const_data_ptr<std::int64_t>();
  std::vector<TokenMeasure> tokens;
  for (std::int64_t first = 0; first < rows; first += chunk) {
    const Tensor logits = decoder.logits(network, hidden.narrow(0, first, std::min(chunk, rows - first)));
    const Tensor logarithms = at::log_softmax(logits, -1).contiguous(), likeliest = at::argmax(logits, -1).contiguous();
    for (std::int64_t i = 0; i < logits.size(0); ++i)
      tokens.push_back({-static_cast<double>(logarithms.const_data_ptr<float>()[i * logits.size(1) + label[first + i]]),
                        likeliest.const_data_ptr<std::int64_t>()[i] == label[first + i]});
  }
  return tokens;
}

namespace {

std::vector<double> shares(const Tensor& logits) {  // [K]
  const Tensor shares = logits.to(at::kDouble).softmax(-1).contiguous();
  return {shares.const_data_ptr<double>(), shares.const_data_ptr<double>() + shares.numel()};
}

/// The measures of a batch's rows, in their order.
std::vector<TextMeasure> measure_batch(const Decoder& decoder, const Network& network, const text::TokenizedRows& data,
                                       const std::vector<std::int64_t>& rows, text::TokenId end_token) {
  const Batch batch = to_batch(text::pack(data, rows));
  DropoutSource none;
  const Tensor hidden = decoder.hidden(network, batch, none);
  const bool is_classifier = !decoder.config().labels.empty();
  const auto tokens = measure_tokens(decoder, network, hidden, batch.labels);
  std::vector<TextMeasure> measures(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    TextMeasure& text = measures[row];
    for (std::int64_t i = batch.label_offsets[row]; i < batch.label_offsets[row + 1]; ++i) {
      const TokenMeasure& token = tokens[static_cast<std::size_t>(i)];
      const auto id = static_cast<text::TokenId>(batch.labels.const_data_ptr<std::int64_t>()[i]);
      text.loss += token.loss;
      text.right_tokens += token.is_right;
      ++text.label_tokens;
      if (is_classifier) {
        const Tensor logits = decoder.logits(network, hidden.narrow(0, i, 1));
        text.probabilities = shares(logits);
        text.classes.count(logits, batch.labels.narrow(0, i, 1));
      } else if (id == end_token) {
        text.end_loss += token.loss;
        ++text.end_tokens;
      } else {
        text.scored.push_back(id);
      }
    }
  }
  return measures;
}

void add(TextMeasure& total, TextMeasure&& piece) {
  total.loss += piece.loss;
  total.label_tokens += piece.label_tokens;
  total.right_tokens += piece.right_tokens;
  total.end_loss += piece.end_loss;
  total.end_tokens += piece.end_tokens;
  total.scored.insert(total.scored.end(), piece.scored.begin(), piece.scored.end());
  total.classes.add(piece.classes);
  if (!piece.probabilities.empty()) total.probabilities = std::move(piece.probabilities);
}

}  // namespace

std::vector<TextMeasure> measure(const Decoder& decoder, const Network& network, const text::TokenizedRows& data,
                                 Lanes& lanes, std::int64_t batch_tokens, text::TokenId end_token) {
  const auto batches = text::all_batches(data, batch_tokens);
  std::vector<std::vector<TextMeasure>> parts(batches.size());
  lanes.each(batches.size(), [&](std::size_t i, int) {
    const c10::InferenceMode no_gradients;
    parts[i] = measure_batch(decoder, network, data, batches[i], end_token);
  });
  std::vector<TextMeasure> texts;
  for (std::size_t i = 0; i < batches.size(); ++i)
    for (std::size_t j = 0; j < batches[i].size(); ++j) {
      const auto source = static_cast<std::size_t>(data.sources[static_cast<std::size_t>(batches[i][j])]);
      if (source >= texts.size()) texts.resize(source + 1);
      add(texts[source], std::move(parts[i][j]));
    }
  return texts;
}

}  // namespace pegbox::train
