// median: stop a trial whose best loss so far is worse than the median of the others at the same step.
//
// Golovin et al., "Google Vizier: a service for black-box optimization", KDD 2017, section 3.2.1, with the others'
// losses at the step where it takes their running averages.
#pragma once

#include "search/schedulers/table.h"

namespace pegbox {

/// Judges at the multiples of `every` (default: a twentieth of the full length; without a full length nothing is
/// judged unless `every` is given). A trial goes on before step `grace` and while fewer than `others` other trials have
/// come as far. With several objectives it is stopped if it is in the worse half by non-dominated rank and crowding.
SchedulerRow median_row();

}  // namespace pegbox
