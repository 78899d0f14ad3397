// StudyRun: runs a study in this process: store, strategies, workers, progress and the loop put together.
#pragma once

#include <atomic>
#include <memory>

#include "app/console.h"
#include "app/store_place.h"
#include "app/study_file.h"
#include "search/store.h"
#include "search/study.h"
#include "search/tuner.h"

namespace pegbox {

/// A study that this process alone may run.
struct HeldStudy {
  std::unique_ptr<StudyLease> lease;
  std::unique_ptr<Study> study;
  bool is_new = false;
};

/// Makes the study, once the trainer can read its model and data, or opens the one that exists and takes over what
/// changed in the file: a larger budget always, any other change only if `accept_changes`, else InvalidInput with the
/// differences. Conflict while another process runs it.
Result<HeldStudy> hold_study(Store& store, StudyFile& file, bool accept_changes, Console& console);

/// Runs it until its budget is spent, somebody pauses or stops it, or `interrupted` is set (it then pauses), showing
/// progress. The same call goes on later.
Result<RunResult> run_study(Store& store, Study& study, const StudyFile& file, const StorePlace& place,
                            Console& console, const std::atomic<bool>& interrupted);

/// Refuses a study whose strategies do not exist or cannot be with its settings, before anything is stored.
Result<void> check_strategies(const StudySpec& spec);

}  // namespace pegbox
