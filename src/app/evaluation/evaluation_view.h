// evaluation_view: a report for people.
#pragma once

#include <string>

#include "app/evaluation/task_report.h"

namespace pegbox {

/// A table of the scores with their intervals, those of slices below them, and the speed. `width`: of the terminal; 0:
/// any.
std::string evaluation_text(const TaskReport& report, int width, bool has_unicode);

}  // namespace pegbox
