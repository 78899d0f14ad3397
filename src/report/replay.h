// Replay: a study's decisions taken again from what it observed, compared with those in its log.
//
// A decision is a function of the log before it and the seed. So each is taken anew from the recorded prefix: which
// configuration is next and why, which trial runs from where to where, what becomes of a trial at its rung, and why a
// budget ends. What workers and persons said (reports, ends, failures, wishes, added configurations) is taken as it
// stands. A difference does not spread by itself: the next decision follows from the record again.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "search/sampler.h"
#include "search/scheduler.h"

namespace pegbox {

struct Strategies {
  std::unique_ptr<Sampler> sampler;
  std::unique_ptr<Scheduler> scheduler;
};

struct ReplayOptions {
  /// Those of a study file; made anew where a run of the study began.
  std::function<Result<Strategies>(const StudySpec&)> make;
  const std::atomic<bool>* interrupted = nullptr;  ///< give up
};

struct ReplayDifference {
  std::uint64_t event = 0;  ///< its index
  std::string decision;     ///< "the configuration of trial 7"
  Json recorded, decided;   ///< both sides, in the form of the log; null: nothing
};

/// How many decisions of each kind were taken again.
struct Replayed {
  std::int64_t configurations = 0;  ///< of new trials
  std::int64_t legs = 0;            ///< which trial runs next, and how far
  std::int64_t verdicts = 0;        ///< at rungs
  std::int64_t ends = 0;            ///< of budgets: why, and what becomes of trials that wait
  std::int64_t differences = 0;
  std::optional<ReplayDifference> first;

  std::int64_t decisions() const { return configurations + legs + verdicts + ends; }
};

/// Of a whole log. Corrupt if it cannot be folded; what `make` says; Interrupted.
Result<Replayed> replay(std::span<const Event> events, const ReplayOptions& options);

}  // namespace pegbox
