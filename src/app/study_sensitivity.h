// StudySensitivity: what the model of a study says of the neighbourhood of its best configuration: how far each
// hyperparameter may be from it before that costs more than luck, and whether another configuration bears such
// differences better.
//
// Everything is said by the models of search/samplers/beliefs.h, from the study's own trials; nothing is run.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "math/statistics.h"
#include "search/history.h"

namespace pegbox {

/// One hyperparameter, all others being as in the best configuration.
struct ParameterSensitivity {
  std::string parameter;
  Value best;
  /// Of a number: the range around the best value in which less than the margin is expected to be lost; of a choice:
  /// the values.
  std::vector<Value> flat;
  std::vector<Value> surely_flat;  ///< the same with 97.5 % certainty at each place; may be the best value alone
  bool is_range = true;            ///< `flat` and `surely_flat` are the two ends of a range
  bool is_whole = false;           ///< `flat` is all that the space has
  Value worst;                     ///< where most is expected to be lost
  double worst_loss = 0;           ///< how much, in units of the metric
};

/// What is expected of a configuration and of those around it, in the metric's own units and direction.
struct Surroundings {
  Config config;
  std::optional<std::int64_t> trial;  ///< that ran it; nothing: none did
  double expected = 0;
  double around = 0;      ///< mean over configurations up to kReach away on each axis of numbers
  double bad_around = 0;  ///< the worst tenth of these begins here
};

struct Sensitivity {
  static constexpr double kReach = 0.1;  ///< of an axis of the unit cube

  double margin = 0;  ///< what counts as no loss: by default the standard deviation of one trial
  bool margin_is_noise = true;
  std::vector<ParameterSensitivity> parameters;  ///< those that the best configuration has, most sensitive first
  double box_share = 0;  ///< of the configurations in all flat ranges at once, those that lose less than the margin too
  Surroundings best, robust;
};

/// `margin`: in units of the metric; nothing: the noise that the models find, or, where results do not depend on the
/// seed, a hundredth of what lies between the median and the best result. InvalidInput as standings.
Result<Sensitivity> study_sensitivity(const History& history, std::optional<double> margin = {});

/// {"margin", "margin_is_noise", "parameters": [{"parameter", "best", "flat", "surely_flat", "is_range", "worst",
/// "worst_loss"}], "box_share", "best": {"config", "trial", "expected", "around", "bad_around"}, "robust": {...}}.
Json to_json(const Sensitivity& found);

}  // namespace pegbox
