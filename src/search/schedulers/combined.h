// combined: several stopping rules as one: `stop: [{name: asha}, {name: divergence}]`.
//
// Every rule keeps its own rungs: a trial stops at each of them, and each rule looks at the trials of its own rungs
// only. The first rule of the list that stops or pauses wins. At most one of them may pause trials, because only who
// paused a trial can tell when it is to go on.
#pragma once

#include <memory>
#include <vector>

#include "search/scheduler.h"

namespace pegbox {

std::unique_ptr<Scheduler> combine(std::vector<std::unique_ptr<Scheduler>> rules);

}  // namespace pegbox
