// ServedStudy: a study that this server decides about: its trials are with workers elsewhere, under leases.
//
// It is an AskTell (search/ask_tell.h) whose callers may die, fall silent, repeat themselves and come back. What tells
// them apart is in the log: the worker of a trial's leg is its lease, "WORKER/TICKET". So a server that is killed and
// started again knows who has which trial, and a message that comes twice, before or after, counts once.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "app/server/trial_message.h"
#include "base/clock.h"
#include "search/ask_tell.h"
#include "search/store.h"
#include "search/study.h"

namespace pegbox::server {

/// A study that this process alone may run.
struct OpenedStudy {
  std::unique_ptr<StudyLease> lease;
  std::unique_ptr<Study> study;
  bool is_new = false;
  bool goes_on = false;  ///< somebody asked for that: wishes of before are forgotten
};

/// Who wants a trial: the same worker with the same ticket is the same question, and gets the same answer.
struct Question {
  std::string worker, ticket;                   ///< see read_name
  std::optional<message::Described> described;  ///< what there is to tune, if the worker knows
};

/// A trial under a lease.
struct LeasedTrial {
  std::int64_t trial = 0;
  std::string lease;
  double lease_s = 0;  ///< a lease that is not renewed for so long is lost
  Config config;
  std::uint64_t seed = 0;
  std::int64_t step = 0;                ///< where it goes on; 0: at its beginning
  std::int64_t until = 0;               ///< where it is judged; 0: at its end
  std::optional<CheckpointRef> resume;  ///< of this trial, or of the one that it is a clone of
  std::int64_t attempt = 1;
};

/// "running" while trials may be asked for; else how it ended: "finished", "paused", "stopped". A study that was never
/// run is "new".
std::string run_state(const StudyState& state);

/// What a message that was counted before hears again; nothing if it is news. Conflict: its lease is lost or never was.
Result<std::optional<Standing>> known_standing(const StudyState& state, const TrialMessage& message);

/// To be used by one thread.
class ServedStudy {
 public:
  /// Trials under leases go on; their leases begin anew. Not yet durable.
  static Result<std::unique_ptr<ServedStudy>> open(Store& store, OpenedStudy opened, const Clock& clock);

  /// Nothing if no trial may be started now. InvalidInput if the stopping rule can never act.
  Result<std::optional<LeasedTrial>> ask(const Question& question);

  /// Errors are those of AskTell; Conflict also where the lease is lost: whoever had the trial is to drop it.
  Result<Standing> take(const TrialMessage& message);

  /// Nobody could be heard for so long: all leases end so much later.
  void excuse(double seconds);

  /// Takes back what silent workers had, and obeys wishes of other processes.
  Result<void> look_around();

  /// All that was answered since the last call is durable when it returns: nothing is acknowledged before.
  Result<void> flush() { return ask_tell_->flush(); }

  const StudyState& state() const { return study_->state(); }
  bool is_over() const { return run_state(state()) != "running"; }
  std::unique_ptr<Study> close() { return std::move(study_); }  ///< gives the study back; nothing may follow

 private:
  ServedStudy(OpenedStudy opened, const Clock& clock) : clock_(clock), lease_(std::move(opened.lease)) {
    study_ = std::move(opened.study);
  }
  Result<void> begin(Store& store, bool takes_over);
  Result<Standing> count(const TrialMessage& message);
  Result<void> end(const TrialMessage& message);
  Result<void> take_back(const TrialMessage& message);
  const Trial* held_by(const std::string& lease) const;
  LeasedTrial under_lease(const Trial& trial) const;
  void renew(std::int64_t trial);
  Standing standing_of(std::int64_t trial, Verdict verdict) const;
  const Trial& trial(std::int64_t number) const { return state().trial(number); }

  const Clock& clock_;
  std::unique_ptr<StudyLease> lease_;
  std::unique_ptr<Study> study_;
  std::unique_ptr<Sampler> sampler_;
  std::unique_ptr<Scheduler> scheduler_;
  std::unique_ptr<Director> director_;
  std::unique_ptr<AskTell> ask_tell_;
  std::map<std::int64_t, double> lost_at_s_;  // running trial -> when its lease ends
};

}  // namespace pegbox::server
