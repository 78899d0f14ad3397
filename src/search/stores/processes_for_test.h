// What the tests of one store between several processes share.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "search/store.h"

namespace pegbox {

/// Runs `work` in a child, which exits with what it returns (0 to 100). No store is opened before the fork.
pid_t in_child(const std::function<int()>& work);
int exit_code_of(pid_t child);  ///< waits for its end; 1000 + the signal that killed it

/// Appends `wanted` events to the study "s" as fast as it can, each time after what it last saw. 0, or 1 if somebody
/// else came between; 90 and more: a fault.
int write_against_others(Store& store, const std::string& author, int wanted);

/// A child that writes to the study "s" and is killed after so long: how long the log was when that was acknowledged
/// last. `before`: its length at the start.
std::uint64_t write_until_killed(const std::function<std::unique_ptr<Store>()>& open, std::uint64_t before,
                                 unsigned after_us);

}  // namespace pegbox
