// halving: synchronous successive halving: nobody of a group goes on before all have come to the rung.
//
// Jamieson & Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", AISTATS 2016 (arXiv
// 1502.07943). Waiting for all makes every promotion right by the losses of its rung; `asha` does not wait and promotes
// some that would not have been. Workers are never idle: while a group waits for its last, trials of the next begin.
#pragma once

#include "search/schedulers/table.h"

namespace pegbox {

/// Trials form groups of `trials` in the order of their creation, those that could not run left out. At rung i (from 0)
/// of halving_rungs the best floor(size / reduction^(i + 1)) of the group, at least one, go on, once every trial that
/// was sent there has come or has ended; the others stay paused. The default size is reduction^(number of rungs): one
/// of each group reaches the end. The last group may be smaller, if the budget has no more trials or the space no more
/// configurations. A loss that is not finite ends the trial. Several objectives: see order_at.
SchedulerRow halving_row();

}  // namespace pegbox
