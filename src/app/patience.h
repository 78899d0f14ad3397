// Patience: tries again what another process may hold for a moment.
#pragma once

#include <chrono>
#include <thread>

#include "base/clock.h"
#include "base/result.h"

namespace pegbox {

/// Calls `attempt` until it gives something else than Conflict, at most for half a second: commands that only look
/// whether a study runs share its lock for a moment.
template <class Attempt>
auto patiently(const Attempt& attempt) {
  const SystemClock clock;
  const double until_s = clock.now_s() + 0.5;
  for (;;) {
    auto outcome = attempt();
    if (outcome || outcome.error().kind != ErrorKind::Conflict || clock.now_s() > until_s) return outcome;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace pegbox
