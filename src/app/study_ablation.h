// StudyAblation: an ablation of a stored study, run as trials of a study of its own, NAME-ablation.
//
// Each round's configurations are its `try_first`, so that its log, its trials and their reasons are those of any
// study: it is paused, gone on with, shown and replayed like others.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "app/console.h"
#include "app/store_place.h"
#include "app/study_file.h"
#include "report/ablation.h"
#include "search/store.h"
#include "search/study.h"
#include "search/tuner.h"

namespace pegbox {

struct AblationOptions {
  std::optional<std::int64_t> from, to;  ///< trials; nothing: the default, and the best as `pegbox best` has it
  std::int64_t repeats = 3;
  Path folder;  ///< that paths of the study file are under
};

std::string ablation_name(const std::string& study);  ///< NAME-ablation

/// From the default (the first configuration of try_first, else what priors think most likely, else the middle of the
/// space) to the best. InvalidInput for several objectives, for trials without such a configuration, and without a
/// best.
Result<AblationPlan> ablation_plan(const History& history, const AblationOptions& options);

/// What it will cost, by the trials that are done: in words and as numbers.
struct AblationCost {
  std::int64_t trials = 0;  ///< at most
  double trial_s = 0;       ///< mean running time of a done trial; 0: none is done
  double tokens = 0;        ///< mean tokens of a done trial; 0: unknown
  std::int64_t workers = 1;
};
AblationCost cost_of(const Ablation& ablation, const History& history);

/// What an ablation has come to.
struct AblationRunning {
  Outcome outcome = Outcome::Finished;
  std::string reason;
  AblationPlan plan;                ///< that of its beginning, whatever the options say now
  std::vector<AblationStep> steps;  ///< where it is finished
};

/// Begins NAME-ablation or goes on with it. `file`: of the study whose ablation it is. Conflict while another process
/// runs it, or if it was begun with another plan than the one that `is_named` says somebody asks for.
Result<AblationRunning> ablate_study(Store& store, const StudyFile& file, const AblationPlan& plan, bool is_named,
                                     const StorePlace& place, Console& console, const std::atomic<bool>& interrupted);

/// The ablation as the store has it: its steps if it is finished; nothing if there is none.
Result<std::optional<AblationRunning>> stored_ablation(Store& store, const std::string& study);

}  // namespace pegbox
