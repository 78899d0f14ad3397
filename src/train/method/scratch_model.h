// scratch_model: the architecture that a TrainConfig describes, without weights.
#pragma once

#include "train/model/model_files.h"
#include "train/train_config.h"

namespace pegbox::train {

/// InvalidInput if the sizes do not fit together. `vocabulary` is the tokenizer's, `end_token` its id.
Result<BaseModel> scratch_model(const TrainConfig& config, std::int64_t vocabulary, std::int64_t end_token);

}  // namespace pegbox::train
