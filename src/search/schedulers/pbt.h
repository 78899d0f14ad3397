// pbt: the scheduler half of population-based training: members train in intervals, and the worst make room.
//
// Jaderberg et al., "Population based training of neural networks" (arXiv 1711.09846), with truncation selection and
// without barriers: a member that comes to the end of an interval is compared with all others that have come there and
// were not replaced; if it is among the worst, it is stopped, and the sampler (samplers/pbt.h) puts a clone of one of
// the best in its place. Everybody else waits until no member is behind, so that a population larger than the number of
// workers trains evenly. A member is only ended while the budget has a trial for its clone. With another sampler than
// pbt it ends the worst, and nobody waits. Options stand under `search: {name: pbt, ...}`
// (search/training_population.h).
#pragma once

#include "search/schedulers/table.h"

namespace pegbox {

SchedulerRow pbt_row();

}  // namespace pegbox
