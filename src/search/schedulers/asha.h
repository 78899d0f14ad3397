// asha: asynchronous successive halving that pauses trials at rungs and resumes the best of them.
//
// Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020 (arXiv 1810.05934). There a promoted
// configuration starts anew or is continued; here a trial keeps its checkpoint while it waits, so that promotion costs
// nothing. One more difference: of the n trials that have reached a rung at most floor(n / reduction) ever go on,
// also when an early promotion turns out to have been wrong; a new best trial may so have to wait for the next place.
#pragma once

#include <cstdint>
#include <vector>

#include "search/schedulers/table.h"

namespace pegbox {

struct AshaOptions {
  std::int64_t reduction = 3;  ///< of so many trials at a rung, one goes on
  std::int64_t min = 0;        ///< first rung, in steps; 0: see asha_rungs
};

/// The rungs below the full length, ascending: min, min * reduction, ... while reduction times the rung does not pass
/// the full length. The default `min` is full / reduction^k, rounded down, with the largest k for which reduction^k <=
/// 30 and, where the number of trials is known, reduction^k <= trials, so that one of them reaches the end. None while
/// the full length is unknown (0).
std::vector<std::int64_t> asha_rungs(const AshaOptions& options, std::int64_t full_steps, std::int64_t trials);

/// At a rung a trial goes on if it is among the best floor(n / reduction) of the n that have reached it and a place is
/// left after those that went on before and those that wait with a better loss; else it waits. A loss that is not
/// finite ends the trial. Promotions are looked for from the highest rung down. Trials that ended at a rung (stopped by
/// a person, failed) count in n but take no place. Several objectives: see order_at.
SchedulerRow asha_row();

}  // namespace pegbox
