// GroupCommit: batches of events that wait to be written, and the one thread at a time that writes them all.
//
// Threads that wait while another one commits share the next commit, so that durability costs one sync for all of them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/store.h"
#include "search/stores/stored_event.h"

namespace pegbox {

/// The events of one append.
struct Batch {
  Ticket ticket = 0;
  std::string study;
  std::uint64_t first = 0;  ///< index of its first event
  std::vector<StoredEvent> events;
};

class GroupCommit {
 public:
  /// Studies whose batches can never be written, with the reason; the batches of all others are durable.
  using Refusals = std::map<std::string, Error>;
  /// Writes the batches in one transaction. An error: nothing was written and it may be tried again.
  using Commit = std::function<Result<Refusals>(std::span<const Batch>)>;
  /// The length of a study's log on disk.
  using Length = std::function<Result<std::uint64_t>(const std::string& study)>;

  GroupCommit(Commit commit, Length length) : commit_(std::move(commit)), length_(std::move(length)) {}

  /// Buffers. Conflict if the log, with what is buffered for it, is not `expected_length` long.
  Result<Ticket> append(const std::string& study, std::uint64_t expected_length, std::span<const Event> events);

  /// Commits what is buffered, or waits for the thread that does. If that fails for a passing reason (disk full, busy),
  /// the batches stay buffered and the next call tries again. A refused batch gives its error once.
  Result<void> wait(Ticket ticket);

  /// Forgets a study's buffered batches and what is known of its length.
  void forget(const std::string& study);

 private:
  Result<void> check_length(std::unique_lock<std::mutex>& lock, const std::string& study, std::uint64_t expected,
                            std::span<const Event> events);
  Result<void> commit_buffered(std::unique_lock<std::mutex>& lock);
  void refuse(const Refusals& refusals);
  std::optional<Error> take_refusal(Ticket ticket);

  const Commit commit_;
  const Length length_;
  std::mutex mutex_;
  std::condition_variable committed_;
  bool committing_ = false;
  std::vector<Batch> buffered_, in_flight_;
  std::map<std::string, std::uint64_t> lengths_;  // with what is buffered
  std::map<Ticket, Error> refused_;
  Ticket last_ = 0;
  Ticket settled_ = 0;  // all up to this one are durable or refused
};

}  // namespace pegbox
