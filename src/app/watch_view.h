// Watch view: what a watch found, for people.
#pragma once

#include <string>

#include "app/terminal.h"
#include "base/json.h"
#include "watch/alarm.h"
#include "watch/examples.h"

namespace pegbox {

/// "window 3, records 2001 to 3000, 2026-11-01 to 2026-11-02: no drift".
std::string window_line(const watch::WindowReport& report);

/// The tests of a window in a table, a line each.
std::string window_table(const watch::WindowReport& report, const Terminal& terminal);

/// Records, rates with their limits, and groups, as tables. `summary`: Watcher::summary.
std::string watch_summary_text(const Json& summary, const Terminal& terminal);

std::string examples_text(const watch::ExampleReport& report);

}  // namespace pegbox
