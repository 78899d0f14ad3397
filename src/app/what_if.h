// WhatIf: what other strategies would have found in a study's place, replayed on functions that its trials leave
// possible.
//
// For each of several functions drawn from a Gaussian process of the finished trials (plausible_function.h), every
// sampler searches anew, with a seed of its own, sees results with the estimated noise, and is judged by the function
// itself at the configuration with its lowest result. All strategies meet the same functions, so that they are compared
// in pairs. What lies beyond the reach of the study's trials is as uncertain in the functions as in the model; and as
// the functions are draws of a model of the kind that `gp` uses, they suit `gp`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "math/statistics.h"
#include "search/history.h"

namespace pegbox {

struct WhatIfOptions {
  std::int64_t trials = 0;  ///< of each replay; 0: as many as the study's that ended, at most 60
  int functions = 16;
  std::uint64_t seed = 0;
  std::function<bool(const std::string& strategy)> progress;  ///< before each; false: give up
};

struct WhatIfRow {
  std::string strategy;
  bool is_own = false;                    ///< the study's
  std::vector<double> differences;        ///< [checkpoints]: mean of metric found minus the study's best
  std::vector<math::Interval> intervals;  ///< [checkpoints]: 90 % of the functions lie in it
  double better_than_own_fraction = 0;    ///< of the functions, at the end; equal ones count half
};

struct WhatIf {
  std::int64_t study_best = 0;            ///< the trial to which all is compared
  std::vector<std::int64_t> checkpoints;  ///< numbers of trials
  std::vector<WhatIfRow> rows;            ///< best at the end first
  std::vector<std::string> left_out;      ///< what is not replayed, and why
};

/// InvalidInput as `standings`; Interrupted where `progress` says so; InvalidInput too for
/// constraints on metrics, which a replay does not have.
Result<WhatIf> what_if(const StudyState& state, const WhatIfOptions& options);

}  // namespace pegbox
