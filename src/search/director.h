// Director: turns a history into the next decision, with a sampler and a scheduler. Knows no store, clock or process.
//
// The tuner (which has workers) and the ask-and-tell interface (whose caller is the worker) share it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "search/event.h"
#include "search/history.h"
#include "search/sampler.h"
#include "search/scheduler.h"

namespace pegbox {

/// A leg to run now: of a new trial (`created` is then to be logged first) or of a waiting or paused one.
struct Leg {
  std::int64_t trial = 0;
  std::int64_t from = 0;
  std::int64_t until = 0;  ///< 0: to the trial's end
  std::optional<event::TrialCreated> created;
  std::string infeasible;  ///< not empty: the new trial must not run, and why
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

  /// The next leg: waiting trials first, then promotions, then configurations to try first, then those of
  /// earlier studies that the sampler makes nothing of, then the sampler's.
  /// Nothing if the budget allows no more, or the space is exhausted; `exhausted` then says why.
  Result<std::optional<Leg>> next_leg(const History& history);

  /// The trial of a configuration that a person believes in; what `given` leaves open is drawn until the constraints
  /// allow it. They may still be violated by what is given. InvalidInput, naming `where`, if the space refuses it.
  static Result<event::TrialCreated> wanted_trial(const History& history, const Config& given,
                                                  const std::string& where);

  /// The same for a configuration that a person adds to a study on its way: its reason is {"by": "enqueue"}.
  /// InvalidInput too if a constraint refuses it.
  static Result<event::TrialCreated> added_trial(const History& history, const Config& given);

  /// For a trial that has reached its rung, with its report in the history.
  Judgement judge(const History& history, const Trial& trial);

  /// Why no leg at all may be started: "20 m of time", "1e9 tokens"; empty if one may.
  std::string spent(const History& history) const;

  /// Why the stopping rule will never act in this study; empty if it may.
  std::string objection(const History& history) const { return scheduler_.objection(history); }

  /// Why nothing more may be started: "60 trials", "20 m of time", "the space has no more configurations"; empty while
  /// something may be. Trials that are waiting or paused may still go on when only the number of trials is spent.
  std::string exhausted(const History& history) const;

 private:
  Result<std::optional<Leg>> new_trial(const History& history);
  std::int64_t rung_after(const History& history, const Trial& trial);
  std::int64_t tried_first(const History& history);
  static Result<std::optional<event::TrialCreated>> trial_of_source(const History& history);

  Sampler& sampler_;
  Scheduler& scheduler_;
  std::size_t exhausted_at_trials_ = SIZE_MAX;  ///< the sampler had no more when there were so many trials
  std::size_t looked_at_trials_ = 0;            ///< for try_first: of so many trials ...
  std::int64_t tried_first_ = 0;                ///< ... so many were of its configurations
};

}  // namespace pegbox
