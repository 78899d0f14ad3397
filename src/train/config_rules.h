// config_rules: which fields of a TrainConfig go together.
#pragma once

#include <string>

#include "base/result.h"
#include "train/train_config.h"

namespace pegbox::train {

/// InvalidInput: what a config asks for cannot be.
tl::unexpected<Error> refuse(std::string where, std::string what, std::string got, std::string expected);

/// InvalidInput, naming both fields, if a field was set that the chosen optimizer, schedule or method does not read, or
/// if values exclude each other. The config is resolved.
Result<void> check_combinations(const TrainConfig& config, const std::string& where);

/// The fields that were set and act on validation losses, such as "early_stop and restore_best"; empty: none.
std::string watching_fields(const TrainConfig& config);

/// Whether the rows of two runs on one base may share passes: those of LoRA, but for DoRA's.
bool may_share_passes(const TrainConfig& a, const TrainConfig& b);

}  // namespace pegbox::train
