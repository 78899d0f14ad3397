// StudyRetraining: trials of a stored study trained again by what its study file names, and compared.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/console.h"
#include "app/store_place.h"
#include "report/retraining.h"
#include "search/history.h"

namespace pegbox {

struct RetrainingOptions {
  std::vector<std::int64_t> trials;  ///< empty: all that are done
  std::int64_t best = 0;             ///< of those, so many with the lowest losses; 0: all
  std::vector<std::string> metrics;  ///< empty: the objectives
  std::optional<double> tolerance;   ///< of the relative difference; nothing: what the machines promise
  Path folder;                       ///< that paths of the study file are under
};

struct RetrainedStudy {
  double tolerance = 0;
  std::string why;  ///< the tolerance, in words
  std::vector<RetrainedMetric> metrics;
  std::vector<std::pair<std::int64_t, std::string>> faults;  ///< trials that did not come as far as then

  std::int64_t differences() const;
};

/// What the log says of the machine, the version and the workers of the study's last run; null of studies that were run
/// elsewhere, or by an earlier version.
inline constexpr char kMachineNote[] = "machine";
/// The same of this machine, for a study's workers.
Json machine_note(const StudySpec& spec);

/// Writes below `files`, which is removed in the end. InvalidInput for a study of which no program is known, and as
/// recorded_trials; what the executor says; Interrupted.
Result<RetrainedStudy> retrain_study(std::span<const Event> events, const StudyState& state,
                                     const RetrainingOptions& options, const Path& files, Console& console,
                                     const std::atomic<bool>& interrupted);

/// {"tolerance", "why", "trials": [{"trial", "metric", "step", "recorded", "retrained", "difference", "differs_at"}],
/// "faults": [{"trial", "detail"}], "differences"}.
Json to_json(const RetrainedStudy& study);

}  // namespace pegbox
