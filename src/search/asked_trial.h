// AskedTrial: a trial in the hands of a caller, and what the caller says of it. See ask_tell.h.
#pragma once

#include <cstdint>
#include <string>

#include "search/trial.h"

namespace pegbox {

/// Who is spoken of: a trial, and which time that it was asked for.
struct TrialLeg {
  std::int64_t trial = 0;
  std::uint64_t leg = 0;  ///< from AskedTrial; 0: the present one, whichever it is
};

/// Who asks for a trial, where it is not the caller itself: somebody elsewhere, under a lease.
struct Taker {
  std::string name;    ///< in the log as the trial's worker and as the author of its reports; empty: the caller
  double lease_s = 0;  ///< how long its silence means death; 0: no lease
};

/// A trial to run now: a new one, or one to go on with.
struct AskedTrial {
  TrialLeg id;
  Config config;
  std::uint64_t seed = 0;
  std::int64_t step = 0;   ///< where to go on from; 0: from the beginning
  std::string checkpoint;  ///< the caller's name for its snapshot at `step`; empty: it gave none
};

/// What the caller says of a trial at a step.
struct CallersReport {
  std::int64_t step = 0;
  Metrics metrics;
  std::string checkpoint = {};  ///< name of a snapshot of this step from which the trial can go on; empty: none
};

}  // namespace pegbox
