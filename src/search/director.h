// Director: turns a history into the next decision, with a sampler and a scheduler. Knows no store, clock or process.
//
// The tuner (which has workers) and the ask-and-tell interface (whose caller is the worker) share it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "search/event.h"
#include "search/history.h"
#include "search/sampler.h"
#include "search/scheduler.h"

namespace pegbox {

/// A leg to run now: of a new trial (`created` is then to be logged first) or of a waiting or paused one.
struct Leg {
  std::optional<event::TrialCreated> created;
  std::int64_t trial = 0;
  std::int64_t from = 0;
  std::int64_t until = 0;
};

/// What to do after a trial reached its rung.
struct Judgement {
  Verdict verdict = Verdict::Continue;
  std::int64_t until = 0;  ///< for Continue: the next rung, 0 for the end
  std::string detail;      ///< for Pause and Stop: why, in words
};

class Director {
 public:
  Director(Sampler& sampler, Scheduler& scheduler) : sampler_(sampler), scheduler_(scheduler) {}

  /// The next leg: waiting trials first, then promotions, then a configuration to try first, then the sampler's.
  /// Nothing if the budget allows no more, or the space is exhausted.
  Result<std::optional<Leg>> next_leg(const History& history);

  /// Reached with its report in the history. A trial at its full length is to be ended as Done by the caller.
  Judgement judge(const History& history, const Trial& trial);

  /// Why nothing more is started: "60 trials", "20 minutes", "2e8 tokens", "the space has no more configurations";
  /// empty while something may be.
  std::string exhausted(const History& history) const;

 private:
  Result<std::optional<event::TrialCreated>> create(const History& history);

  Sampler& sampler_;
  Scheduler& scheduler_;
  bool space_exhausted_ = false;
};

}  // namespace pegbox
