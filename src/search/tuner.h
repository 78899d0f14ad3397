// Tuner: the loop. Signals from workers become events, events become decisions, decisions become legs.
//
// Order of things, so that a kill at any moment loses nothing: what happened and what is decided next are appended as
// one batch; the batch is made durable; only then do workers hear of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "search/director.h"
#include "search/executor.h"
#include "search/study.h"

namespace pegbox {

/// How a run of the tuner ended.
enum class Outcome : std::uint8_t {
  Finished,  ///< the budget is spent or the space exhausted; paused trials were ended
  Paused,    ///< by a person; running trials were paused, the same command goes on
  Stopped,   ///< by a person, for good
};

struct RunResult {
  Outcome outcome = Outcome::Finished;
  std::string reason;  ///< "60 trials", "paused by a person", ...
};

struct TunerOptions {
  const std::atomic<bool>* interrupted = nullptr;  ///< set by a signal handler: pause cleanly
  double report_group_s = 0.1;                     ///< reports may wait this long for their commit
  double command_poll_s = 0.2;                     ///< how often commands of other processes are looked for
  std::function<Result<std::vector<PostedCommand>>()> commands;  ///< empty: none
};

class Tuner {
 public:
  Tuner(Study& study, Director& director, Executor& executor, TunerOptions options);

  /// Runs until the budget is spent or somebody stops it. An error: the study cannot go on (the store, the executor or
  /// the sampler failed); all that was acknowledged is in the log.
  Result<RunResult> run();

 private:
  Study& study_;
  Director& director_;
  Executor& executor_;
  TunerOptions options_;
};

}  // namespace pegbox
