// probe: see probe.h.
#include "train/probe.h"

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <numeric>

#include "text/packing.h"
#include "train/batch.h"
#include "train/guard.h"
#include "train/ops/loss.h"

namespace pegbox::train {

Result<std::int64_t> probe(const BaseModel& model, const TrainConfig& config, const text::TokenizedRows& data,
                           std::int64_t most_rows, Lanes& lanes, const Path& output) {
  PEGBOX_TRY(const auto run, TrainingRun::create(model, config, data, lanes));
  std::vector<std::int64_t> rows(static_cast<std::size_t>(std::min(most_rows, data.size())));
  std::iota(rows.begin(), rows.end(), 0);
  PEGBOX_TRY(const NamedTensors gradients, run->gradients(rows));
  return guard("probe", [&]() -> Result<std::int64_t> {
    const ModelLayout& layout = model.decoder->layout();
    NamedTensors arrays;
    for (const TensorSlot& slot : layout.slots)
      for (const Piece& piece : slot.pieces) {
        const Tensor part = gradients.at(slot.name).narrow(0, piece.row, piece.rows);
        arrays["gradient." + piece.name] = piece.transposed ? part.t() : part;
      }
    const Batch batch = to_batch(text::pack(data, rows));
    {
      const c10::InferenceMode no_gradients;
      DropoutSource none;
      arrays["logits"] =
          model.decoder->logits(run->network(), model.decoder->hidden(run->network(), batch, none, {}, true));
      const Tensor hidden = model.decoder->hidden(run->network(), batch, none);
      const double loss =
          label_loss_value(hidden, run->network().weight(layout.head), batch.labels, model.decoder->config().logit_cap);
      arrays["loss"] = at::full({1}, loss / static_cast<double>(batch.label_tokens()), at::kDouble);
    }
    arrays["ids"] = batch.ids;
    arrays["offsets"] = at::tensor(batch.offsets, at::kLong);
    PEGBOX_CHECK(save_tensors(output, arrays));
    return static_cast<std::int64_t>(rows.size());
  });
}

}  // namespace pegbox::train
