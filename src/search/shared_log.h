// SharedLog: a study's log that several processes append to in turn.
//
// A study that pegbox runs has one writer, who holds its lease throughout. Where the callers are many and know nothing
// of each other (an Optuna storage), each holds the lease for the moment in which it looks and appends, so that there
// is one writer at any moment all the same, and the log needs no resolution of conflicts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "search/history.h"
#include "search/store.h"

namespace pegbox {

/// Threads: one at a time.
class SharedLog {
 public:
  /// Reads nothing yet. The store must outlive it.
  SharedLog(Store& store, std::string study) : store_(store), study_(std::move(study)) {}

  /// Folds what has been appended since, by whomever, and returns it; at first the whole log. NotFound if the study is
  /// gone, though another one may have its name by now.
  Result<std::vector<Event>> refresh();

  /// The right to append. Waits for its holder; Conflict, naming it, after `patience_s` seconds.
  Result<std::unique_ptr<StudyLease>> wait_for_turn(double patience_s);

  /// Only by who has the turn and has refreshed since. Durable when it returns. The events as they were logged, which
  /// `refresh` does not return again. What the fold refuses is not stored, and nothing has changed then.
  Result<std::vector<Event>> append(double study_time_s, const std::string& author, std::vector<Event::What> batch);

  const StudyState& state() const { return state_; }

 private:
  Result<void> write(std::vector<Event>& events, double study_time_s, const std::string& author,
                     std::vector<Event::What> batch);
  Result<void> fold_again(std::uint64_t length);

  Store& store_;
  const std::string study_;
  std::int64_t id_ = 0;  // in the store; 0: nothing has been read
  StudyState state_;
};

}  // namespace pegbox
