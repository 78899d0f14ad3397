// scratch_model: the architecture that a TrainConfig describes, without weights.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "train/model/model_files.h"
#include "train/train_config.h"

namespace pegbox::train {

/// InvalidInput if the sizes do not fit together, or if no model of the shape has the norm, the activation or a window.
/// `vocabulary` is the tokenizer's, `end_token` its id.
/// With `labels` it is a classifier of these.
Result<BaseModel> scratch_model(const TrainConfig& config, std::int64_t vocabulary, std::int64_t end_token,
                                const std::vector<std::string>& labels = {});

std::vector<std::string_view> activation_choices();  ///< of TrainConfig
std::vector<std::string_view> shapes_with_windows();
std::vector<std::string_view> shapes_with_head_dim();  ///< other than width / heads
std::vector<std::string_view> shapes_without_gate();

}  // namespace pegbox::train
