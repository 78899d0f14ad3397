// Earlier study: a study that another one starts from, as it stands in its store.
#pragma once

#include <string>

#include "base/file.h"
#include "search/history.h"
#include "search/store.h"

namespace pegbox {

/// The study that `which` names: in `own`, or in a store of its own, whose file is relative to `folder`. NotFound for
/// an unknown one, with the nearest name; InvalidInput for the study `itself` (its name in `own`).
Result<StudyState> read_earlier_study(Store& own, const EarlierStudy& which, const std::string& itself,
                                      const Path& folder);

}  // namespace pegbox
