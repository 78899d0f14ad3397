// Stage lengths: where the stages of a stream end, and whether each has room for what is learned in it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "text/tokenized.h"
#include "train/train_config.h"

namespace pegbox::train {

/// In tokens of the run, by the sets' shares: the config's `mixture`, else the data's weights, else the sets' own
/// tokens. InvalidInput as set_shares.
Result<std::vector<std::int64_t>> stage_ends(const TrainConfig& config, const text::TokenizedRows& rows);

/// InvalidInput, with numbers, for a stage without more tokens than a batch: the one before could swallow it.
Result<void> check_stage_lengths(const TrainConfig& config, const text::TokenizedRows& rows,
                                 const std::vector<std::int64_t>& ends);

/// Whether `error`, for which a run of the config was refused, is that of check_stage_lengths: other shares may have
/// room.
bool leaves_no_room(const Error& error, const TrainConfig& config, const text::TokenizedRows& rows);

}  // namespace pegbox::train
