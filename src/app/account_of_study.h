// AccountOfStudy: what the program knows of a study, for a report or a card (report/study_account.h).
#pragma once

#include "app/store_place.h"
#include "report/study_account.h"

namespace pegbox {

/// `state` must outlive it. `is_held`: a process runs the study now.
StudyAccount account_of_study(const StudyState& state, const StorePlace& place, bool is_held);

}  // namespace pegbox
