// Row records: what a model makes of each row of a data set, as JSON lines for whoever computes metrics of them.
#pragma once

#include <string>

#include "app/trainer/adapted_model.h"
#include "app/trainer/settings.h"
#include "base/json.h"
#include "base/result.h"
#include "train/corpus.h"
#include "train/evaluate.h"
#include "train/lanes.h"

namespace pegbox::trainer {

struct RowRecords {
  train::Evaluation whole;  ///< of all rows together
  Json speed;               ///< of continuations; null: none were asked for
};

/// Writes a line for each row of a part to the settings' `records`, in the order of the data; docs/evaluation.md says
/// what is in it. `rows` are the part's, tokenized. Where the settings say `generate`, the model completes the prompt
/// of each row. InvalidInput for a row without a prompt, or one whose prompt is too long for the model.
Result<RowRecords> write_row_records(const Settings& settings, const AdaptedModel& model, const train::Corpus& corpus,
                                     train::Part part, const text::TokenizedRows& rows, train::Lanes& lanes,
                                     std::uint64_t seed);

}  // namespace pegbox::trainer
