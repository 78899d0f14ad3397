// Farewell: whether a child died because all of this machine's work is told to end.
//
// Slurm that preempts a job, a service that is stopped, a machine that shuts down: all processes get SIGTERM at once,
// and a child may be found dead a moment before this process has heard of it. The death is not the trial's fault then.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

namespace pegbox {

/// With `waits` it waits that moment, at most, for `interrupted` to be set; nullptr: nobody interrupts this process.
inline bool is_farewell(const std::atomic<bool>* interrupted, bool waits = true) {
  constexpr int kLooks = 10;
  constexpr std::chrono::milliseconds kBetween{10};
  for (int look = 0; waits && interrupted != nullptr && !*interrupted && look < kLooks; ++look)
    std::this_thread::sleep_for(kBetween);
  return interrupted != nullptr && *interrupted;
}

}  // namespace pegbox
