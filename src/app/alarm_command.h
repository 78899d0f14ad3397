// AlarmCommand: the program that a watch file names, run with each alarm.
#pragma once

#include <atomic>

#include "base/json.h"
#include "base/result.h"
#include "watch/watch_config.h"

namespace pegbox {

/// Starts the program with its arguments as they stand in the watch file, gives it the alarm as one line of JSON on its
/// standard input, and waits for its end. No shell reads anything, and nothing of a log is an argument. An error if it
/// cannot be started, ends with another code than 0, or takes longer than the rule's timeout, after which it is killed
/// with all that it started.
Result<void> run_alarm_command(const watch::AlarmRule& rule, const Json& alarm, const std::atomic<bool>& interrupted);

}  // namespace pegbox
