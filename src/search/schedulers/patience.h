// patience: stop a trial that has not improved for some reports.
//
// "Early stopping" with patience: Prechelt, "Early stopping - but when?", in Neural Networks: Tricks of the Trade
// (1998).
#pragma once

#include "search/schedulers/table.h"

namespace pegbox {

/// A trial is stopped when its last `reports` reports have not improved on the best before them by more than
/// `min_delta`. `metric`: the first objective by default; with several objectives and none named, an improvement in any
/// of them counts. A value that is not finite is no improvement. Looked at where `every` and `grace` say.
SchedulerRow patience_row();

}  // namespace pegbox
