// divergence: stop a trial whose loss is not finite, has jumped and stays up, or has become worse than at its start.
#pragma once

#include "search/schedulers/table.h"

namespace pegbox {

/// Of the values of `metric` so far (default: the first objective; smaller is better), a trial is stopped if
/// - the latest is not finite;
/// - the last `reports` of them all are spikes: above the median of the `window` values before these by more than `z`
///   robust standard deviations (1.4826 times the median absolute deviation, which a few outliers do not move), and
///   above the running minimum by more than `lost` times what the trial had gained (first - minimum). The second
///   condition spares small noise on a flat curve; one spike that recovers is spared by `reports`;
/// - the last `reports` of them all are above the first by more than `worse` times its magnitude.
SchedulerRow divergence_row();

}  // namespace pegbox
