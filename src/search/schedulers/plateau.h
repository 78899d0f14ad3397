// plateau: stop a trial whose curve has become flat.
//
// Unlike `patience`, it does not ask for a new best value, which noise gives now and then: it asks whether the curve
// still goes down. Flat is measured against what the trial has gained so far, so that one setting serves every metric.
#pragma once

#include "search/schedulers/table.h"

namespace pegbox {

/// A trial is stopped when the least-squares line through its last `reports` values falls, over all of them, by less
/// than `fraction` of what the trial has gained since its first value (first - best). `metric`: the first objective by
/// default. A trial that has gained nothing after that many reports is flat too. Values that are not finite are left
/// out; while fewer than `reports` remain after the first, the trial goes on.
SchedulerRow plateau_row();

}  // namespace pegbox
