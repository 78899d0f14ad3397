// gap: stop a trial that overfits: the gap between training and validation loss grows, and validation gets worse.
//
// A growing gap alone is the common case of a training that still learns. So both are asked for, in the spirit of
// Prechelt's UP criterion ("Early stopping - but when?", 1998): validation has been worse than its best in several
// reports in a row, while the gap has grown past what it was at that best.
#pragma once

#include "search/schedulers/table.h"

namespace pegbox {

/// Over the reports that have both metrics, let b be the one with the lowest `validation` loss. A trial is stopped when
/// at least `reports` follow b, and at each of the last `reports` the gap (validation - training) is larger than at b
/// by more than `growth` times the magnitude of the validation loss at b. Losses: smaller is better. A trial that does
/// not report both goes on.
SchedulerRow gap_row();

}  // namespace pegbox
