// Executor factory: from a study file to what runs its trials.
#pragma once

#include <atomic>
#include <memory>

#include "app/study_file.h"
#include "search/executor.h"

namespace pegbox {

/// Starts the workers that `file` asks for, or makes ready to start its command. `files`: the study's folder beside the
/// store, where trials write. NotFound or InvalidInput, at once, for programs that do not exist and settings that
/// cannot be.
/// `interrupted`: nobody waits then for a worker to become ready. `own`: where this process alone writes (logs of
/// workers), if others share `files`; empty: there too.
Result<std::unique_ptr<Executor>> make_executor(const StudyFile& file, const Path& files,
                                                const std::atomic<bool>& interrupted, const Path& own = {});

}  // namespace pegbox
