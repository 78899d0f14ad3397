// none: every trial runs to its end.
#pragma once

#include "search/schedulers/table.h"

namespace pegbox {

SchedulerRow none_row();

}  // namespace pegbox
