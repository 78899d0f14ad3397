// freeze_thaw: trials run in short legs; whichever curve, or start of a new configuration, is worth most per step goes
// on.
//
// Swersky, Snoek & Adams, "Freeze-thaw Bayesian optimization" (arXiv 1406.3896): keep a basket of paused trials,
// predict where each would end, and train the one that promises most. Here what a trial promises is an index: the gain
// per step that its course must bring to be worth its steps, with the right to give up after a look. For a look at step
// h, with gain g = max(0, best - loss at the end) over the lowest loss seen so far,
//
//   index(h) = the largest r with  E_look[max(0, E[g | look] - r (end - h))] = r (h - now),
//
// and a trial's index is its greatest over the rungs h ahead of it, the end included. It is the reservation value of
// Weitzman's boxes ("Optimal search for the best alternative", Econometrica 47 (1979)), with costs by step and one look
// on the way; Xie et al. (arXiv 2406.20062) do the same for whole evaluations. Predictions: math/curve_model.h. A new
// configuration is expected to end as the latest ones will: so the better the sampler has become, the more new trials.
#pragma once

#include "search/schedulers/table.h"

namespace pegbox {

/// Rungs: `min` times powers of `growth`, rounded. At a rung the trial goes on if its index is above those of all
/// paused trials and of a new one, else it is paused. The first `initial` trials run to the first rung before anything
/// is thawed. When the budget has no new trial left, the paused one with the greatest index goes on. A loss that is not
/// finite ends the trial. Several objectives: the greatest index over the objectives, each in units of its own spread.
SchedulerRow freeze_thaw_row();

}  // namespace pegbox
