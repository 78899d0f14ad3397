// percentile: stop a trial whose best loss so far is worse than a percentile of the others' at the same step.
//
// The median rule of Golovin et al. (see median.h) with another share of the trials that may go on.
#pragma once

#include "search/schedulers/stopping_rule.h"
#include "search/schedulers/table.h"

namespace pegbox {

struct PercentileOptions : Pace {
  std::int64_t keep = 25;   ///< percent of the trials, the best at a step, that may go on
  std::int64_t others = 4;  ///< how many other trials must have come as far for a judgement
};

std::unique_ptr<Scheduler> make_percentile_rule(const PercentileOptions& options);

/// With one objective a trial is stopped if its best loss until the step is worse than the percentile `keep` of the
/// others' losses at the step (linear interpolation of order statistics; diverged ones count as infinite). With several
/// it is stopped unless it is in the best `keep` percent by non-dominated rank and crowding. A trial whose loss is not
/// finite is stopped; one goes on while fewer than `others` other trials have come as far.
SchedulerRow percentile_row();

}  // namespace pegbox
