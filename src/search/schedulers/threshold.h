// threshold: stop a trial whose metric is above or below a fixed bound.
#pragma once

#include "search/schedulers/table.h"

namespace pegbox {

/// At a multiple of `every`, from `grace` on, a trial is stopped if the latest value of `metric` (default: the first
/// objective) is above `above`, below `below`, or not a number. One bound at least is required. A trial that has not
/// reported the metric goes on.
SchedulerRow threshold_row();

}  // namespace pegbox
