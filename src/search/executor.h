// Executor: runs legs of trials somewhere and tells what became of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/protocol.h"
#include "search/config.h"
#include "search/trial.h"

namespace pegbox {

/// One leg of a trial: from a step (0: the beginning) to a rung (0: the end).
struct Launch {
  std::int64_t trial = 0;
  std::uint64_t seed = 0;
  Config config;
  std::int64_t from = 0;
  std::int64_t until = 0;
  std::optional<CheckpointRef> resume;  ///< where to go on from; nothing: from the beginning
  std::int64_t attempt = 1;             ///< 1, or more after lost workers
};

enum class SignalKind : std::uint8_t {
  Report,      ///< a measurement on the way
  Checkpoint,  ///< a snapshot on the way
  Reached,     ///< at `until`, with its measurement; the slot is free
  Done,        ///< at the trial's end, with its last measurement; the slot is free, as for all that follow
  Paused,      ///< the answer to pause(); with a checkpoint if it can go on
  Stopped,     ///< the answer to stop()
  Failed,
  WorkerLost,  ///< its worker died, hung or fell silent: the trial is not to blame
};

struct Signal {
  SignalKind kind = SignalKind::Report;
  std::int64_t trial = 0;
  std::int64_t step = 0;
  Metrics metrics;
  std::string checkpoint;  ///< the worker's name for it; empty: none
  FailureKind failure = FailureKind::Error;
  std::string detail;
  std::string worker;
  double time_s = 0;  ///< on the executor's clock
};

class Executor {
 public:
  virtual ~Executor() = default;

  /// Legs that it can run at once, as far as known; may grow and shrink.
  virtual int slots() const = 0;

  /// What a worker says of model and data; nothing if it does not describe. Blocks until a worker has answered.
  virtual Result<std::optional<message::Described>> describe() = 0;

  /// Starts a leg, in a free slot. A trial that is held in memory somewhere goes on there; else `resume` is loaded.
  virtual Result<void> start(const Launch& launch) = 0;

  /// Takes over a leg that ran when the host died, as if nothing had happened. False if that cannot be (the usual
  /// case). `started_s`: when it was started; `reported`: the last step in the log.
  virtual bool adopt(const Launch& launch, double started_s, std::int64_t reported);

  virtual void pause(std::int64_t trial) = 0;    ///< between steps, with a snapshot; answered by Paused
  virtual void stop(std::int64_t trial) = 0;     ///< answered by Stopped
  virtual void release(std::int64_t trial) = 0;  ///< forget the snapshots of a trial that has ended

  /// What has happened, in order of (time, trial). Waits up to `wait` for the first; an error if it cannot go on at all
  /// (the trial command does not exist, no worker can be started).
  virtual Result<std::vector<Signal>> poll(std::chrono::milliseconds wait) = 0;

  /// Time as this executor sees it; a simulated one has its own.
  virtual const Clock& clock() const = 0;
};

}  // namespace pegbox
