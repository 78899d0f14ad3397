// hyperband: brackets of asynchronous successive halving that begin at different rungs.
//
// Li et al., "Hyperband: a novel bandit-based approach to hyperparameter optimization", JMLR 18 (2018, arXiv
// 1603.06560): how early a loss may be trusted is not known, so some trials are compared late or not at all. The
// brackets are asynchronous, as in section 3.2 of the ASHA paper (arXiv 1810.05934): trials are dealt to one bracket
// after the other, none waits for another bracket, and a promotion is a resume.
#pragma once

#include "search/schedulers/table.h"

namespace pegbox {

/// A trial's bracket follows from its number: see Brackets and brackets_of (search/halving_rungs.h). Within a bracket
/// trials compete as in a Ladder.
SchedulerRow hyperband_row();

}  // namespace pegbox
