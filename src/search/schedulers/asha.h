// asha: asynchronous successive halving that pauses trials at rungs and resumes the best of them.
//
// Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020 (arXiv 1810.05934). There a promoted
// configuration starts anew or is continued; here a trial keeps its checkpoint while it waits, so that promotion costs
// nothing. One more difference: of the n trials that have reached a rung at most floor(n / reduction) ever go on,
// also when an early promotion turns out to have been wrong; a new best trial may so have to wait for the next place.
#pragma once

#include "search/schedulers/table.h"

namespace pegbox {

/// A Ladder (ladder.h) of all trials, with the rungs of halving_rungs. Several objectives: see order_at.
SchedulerRow asha_row();

}  // namespace pegbox
