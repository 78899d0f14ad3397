// evaluate: see evaluate.h.
#include "train/evaluate.h"

#include <c10/core/InferenceMode.h>

#include <cmath>

#include "text/packing.h"
#include "train/batch.h"
#include "train/ops/loss.h"

namespace pegbox::train {

double Evaluation::perplexity() const { return std::exp(loss); }

Evaluation evaluate(const Decoder& decoder, const Network& network, const text::TokenizedRows& data, Lanes& lanes,
                    std::int64_t batch_tokens, std::int64_t most_tokens) {
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < data.size() && (most_tokens == 0 || data.offsets[row] < most_tokens); ++row)
    rows.push_back(row);
  const auto batches = text::micro_batches(data, rows, batch_tokens);
  std::vector<double> losses(batches.size());
  std::vector<std::int64_t> labels(batches.size());
  lanes.run([&](int lane) {
    const c10::InferenceMode no_gradients;
    for (std::size_t i = static_cast<std::size_t>(lane); i < batches.size();
         i += static_cast<std::size_t>(lanes.count())) {
      const Batch batch = to_batch(text::pack(data, batches[i]));
      if (batch.label_tokens() == 0) continue;
      DropoutSource none;
      losses[i] =
          label_loss_value(decoder.hidden(network, batch, none), network.weight(decoder.layout().head), batch.labels);
      labels[i] = batch.label_tokens();
    }
  });
  Evaluation result;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    result.loss += losses[i];
    result.label_tokens += labels[i];
  }
  result.loss = result.label_tokens > 0 ? result.loss / static_cast<double>(result.label_tokens) : NAN;
  return result;
}

}  // namespace pegbox::train
