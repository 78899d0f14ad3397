// WhatIf: what other strategies would have found in a study's place, replayed on functions that its trials leave
// possible.
//
// For each of several functions drawn from models of the study's trials (plausible_function.h), every sampler searches
// anew, with a seed of its own, sees results with the estimated noise, and is judged by the function itself at the
// configuration with its lowest result. All strategies meet the same functions and the same luck, so that they are
// compared in pairs. What it assumes: trials run to their end and do not fail; what lies beyond the reach of the
// study's trials is as uncertain in the functions as in the model; and as the functions are draws of a model of the
// kind that `gp` uses, they suit `gp`.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "math/statistics.h"
#include "search/history.h"

namespace pegbox {

struct WhatIfOptions {
  std::int64_t trials = 0;  ///< of each replay; 0: as many as the study's that ended, at most 60
  int draws = 16;           ///< functions, at least 2
  std::uint64_t seed = 0;
  int threads = 1;
  std::function<void(int done)> progress = [](int) {};  ///< so many draws are done; one call at a time, by any thread
  const std::atomic<bool>* interrupted = nullptr;       ///< give up
};

/// After so many trials, in the metric's units and direction.
struct Foresight {
  std::int64_t trials = 0;
  double found = 0;         ///< mean over the draws: what is expected of the configuration that the strategy found
  double difference = 0;    ///< mean of what it found minus what the study's own strategy found on the same draw
  math::Interval interval;  ///< of that mean, 95 %: Student's, over the draws
};

struct WhatIfRow {
  std::string strategy;
  bool is_own = false;                  ///< the study's
  std::vector<Foresight> after;         ///< by trials
  double better_than_own_fraction = 0;  ///< of the draws, at the end; equal ones count half
};

struct WhatIf {
  std::int64_t study_best = 0;        ///< the trial that `best` names
  double study_best_expected = 0;     ///< the mean over the draws of what is expected of it
  double noise = 0;                   ///< mean over the draws
  std::vector<WhatIfRow> rows;        ///< best at the end first
  std::vector<std::string> left_out;  ///< what is not replayed, and why
};

/// InvalidInput as `standings`, and for constraints on metrics, which a replay does not have. Interrupted.
Result<WhatIf> what_if(const StudyState& state, const WhatIfOptions& options);

}  // namespace pegbox
