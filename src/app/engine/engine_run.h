// EngineRun: a study whose trials run under an engine: this process decides and serves, and hires workers as they are
// needed.
#pragma once

#include <atomic>

#include "app/console.h"
#include "app/engine/engine_flags.h"
#include "app/study_run.h"

namespace pegbox {

/// Runs the study until its budget is spent, somebody pauses or stops it, or `interrupted` is set: workers hand their
/// trials back then. Shows progress. The same call goes on later; after this process was killed it finds the workers
/// that go on meanwhile. `held` is closed.
Result<RunResult> run_study_on(const EngineFlags& engine, Store& store, HeldStudy held, const StudyFile& file,
                               const StorePlace& place, Console& console, const std::atomic<bool>& interrupted);

}  // namespace pegbox
