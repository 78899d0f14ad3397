// StoredFile: the study file with which a study of the store was last run, as the program reads it.
#pragma once

#include "app/study_file.h"
#include "search/history.h"

namespace pegbox {

/// Paths in it are relative to `folder`, since the log does not say where the file lay. InvalidInput for a study that
/// was only asked and told, so that no program is known; NotFound as StudyFile::read.
Result<StudyFile> stored_file(const StudyState& state, const Path& folder);

}  // namespace pegbox
