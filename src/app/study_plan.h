// Study plan: what a study would run and cost, in words, before it does.
#pragma once

#include <optional>
#include <string>

#include "app/study_file.h"
#include "base/json.h"

namespace pegbox {

/// Several lines. `described`: what the trainer says of model and data ({"parameters", "train_tokens", ...}), if known.
std::string describe_plan(const StudyFile& file, const std::optional<Json>& described);

/// What searches and what stops trials, in words: "auto: gp, for ...". `steps`: of a full trial; 0: not known.
std::string search_words(const StudySpec& spec);
std::string stop_words(const StudySpec& spec, std::int64_t steps);

/// One parameter in words: "1e-5 to 0.01, log scale, prior 3e-4 (factor 3)".
std::string describe_parameter(const Parameter& parameter);

}  // namespace pegbox
