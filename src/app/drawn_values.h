// Drawn values: what a space may draw, tried on the trainer before the first trial.
//
// A value is a mistake only where nothing goes with it: what some configurations have in common may fail one trial,
// which a search learns from; what all have in common would fail the study's trials one after another.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "search/study_spec.h"

namespace pegbox {

/// A configuration of the space in which a parameter has one of its choices, or an end of its range.
struct DrawnValue {
  std::string parameter;
  Value value;
  Config config;
};

/// Up to three configurations for each of these values, drawn from the prior, those of one value in a row. What a
/// constraint on hyperparameters forbids is left out.
std::vector<DrawnValue> drawn_values(const StudySpec& spec);

/// InvalidInput, with the trainer's words, for the first value of which every configuration is refused. `refused`: a
/// text or null for each of `drawn`.
Result<void> check_drawn(const std::vector<DrawnValue>& drawn, const Json& refused);

}  // namespace pegbox
