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

/// Children that write to the empty study "s", one after the other, and are killed, the first after `first_after_us`,
/// each next one later: what they heard was written is there, and nothing but their last, unanswered append beyond.
void expect_kills_lose_nothing(const std::function<std::unique_ptr<Store>()>& open, int rounds,
                               unsigned first_after_us);

/// A child that holds the lease of the study "s" until it is killed; it has it when this returns.
pid_t child_with_lease(const std::function<std::unique_ptr<Store>()>& open);

}  // namespace pegbox
