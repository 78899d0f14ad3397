// probe: logits and gradients of a model on given rows, written down for comparison with other programs.
#pragma once

#include <cstdint>

#include "base/file.h"
#include "base/result.h"
#include "train/run.h"

namespace pegbox::train {

/// Writes a safetensors file about the first `most_rows` rows of `data`: `ids` [T] and `offsets` [D + 1] (int64),
/// `logits` [T, V], `loss` [1] (mean over all labels) and, under the names of the model's files, `gradient.NAME` of
/// that loss for every tensor of the model. `config.method` is full. Returns the number of rows.
Result<std::int64_t> probe(const BaseModel& model, const TrainConfig& config, const text::TokenizedRows& data,
                           std::int64_t most_rows, Lanes& lanes, const Path& output);

}  // namespace pegbox::train
