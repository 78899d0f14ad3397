// Tuner: the loop. Signals from workers become events, events become decisions, decisions become legs.
//
// Order of things, so that a kill at any moment loses nothing: what happened and what is decided next are appended as
// one batch; the batch is made durable; only then do workers hear of it. Signals are handled one at a time and free
// slots are filled after each, so that the decisions do not depend on how signals were grouped.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "search/director.h"
#include "search/executor.h"
#include "search/paused_trials.h"
#include "search/study.h"

namespace pegbox {

/// How a run of the tuner ended.
enum class Outcome : std::uint8_t {
  Finished,  ///< the budget is spent or the space exhausted; the best paused trials wait for a larger one
  Paused,    ///< by a person; running trials were paused, the same command goes on
  Stopped,   ///< by a person, for good
};
std::string_view name_of(Outcome outcome);  ///< "finished", "paused", "stopped": also the study's state in lists

struct RunResult {
  Outcome outcome = Outcome::Finished;
  std::string reason;  ///< "60 trials", "paused by a person", ...
};

/// Study notes (Note events without a trial) that the tuner writes.
inline constexpr const char* kRunNote = "run";                ///< {"state": "running" | an outcome, "reason"}
inline constexpr const char* kDescribedNote = "described";    ///< {"values": {...}, "limits": {...}}
inline constexpr const char* kCheckpointNote = "checkpoint";  ///< of a trial: {"step", "name"}

struct TunerOptions {
  const std::atomic<bool>* interrupted = nullptr;                  ///< set by a signal handler: pause cleanly
  double report_group_s = 0.1;                                     ///< reports may wait this long for their commit
  double command_poll_s = 0.2;                                     ///< how often `commands` is asked
  std::function<Result<std::vector<PostedCommand>>()> commands{};  ///< wishes of other processes; empty: none
  std::size_t keep_paused = kKeptPaused;                           ///< see rest_until_a_larger_budget
  std::int64_t hopeless_after = 5;  ///< so many failures and not one measurement, or so many
                                    ///< done without a metric that a gate asks about, end the run with an error
};

/// Why a trial or a study ended, in the log's words.
inline constexpr char kStoppedByPerson[] = "stopped by a person";

class Tuner {
 public:
  Tuner(Study& study, Director& director, Executor& executor, TunerOptions options)
      : study_(study), director_(director), executor_(executor), options_(std::move(options)) {}

  /// Runs until the budget is spent or somebody stops it. An error: the study cannot go on (the store, the executor or
  /// the sampler failed, or every trial fails); all that was acknowledged is in the log, and the same call goes on from
  /// there.
  Result<RunResult> run();

 private:
  enum class Mode : std::uint8_t { Running, Pausing, Stopping };

  Result<RunResult> run_to_the_end();
  Result<void> check_length() const;  // a rule that needs a length and has none
  Result<void> begin();               // takes over what a dead host left; asks for a description
  Result<void> fill();                // starts legs while there are free slots
  Result<void> handle(const Signal& signal);
  Result<void> on_reached(const Signal& signal);
  Result<void> on_done(const Signal& signal);
  Result<void> on_failed(const Signal& signal);
  Result<void> on_lost(const Signal& signal);
  Result<void> on_interrupted(const Signal& signal);  // the answer to a pause or stop
  Result<void> note_checkpoint(const Signal& signal);
  Result<void> measured(const Signal& signal);  // logs the signal's metrics if they are news
  Result<void> begin_leg(const Leg& leg);
  Result<void> move(std::int64_t trial, TrialState to, std::string detail, const Signal* signal = nullptr);
  void release_unneeded();
  Result<void> flush();  // commits, then lets workers hear of it
  Result<void> look_for_commands();
  Result<void> ask(std::int64_t trial, Command command);  // a person's wish about one trial
  Result<void> add(const Config& config);                 // a person's configuration
  void wind_down(Mode mode, std::string reason);
  Result<RunResult> finish(Outcome outcome, std::string reason);
  Result<void> check_hope() const;
  Result<void> check_gates(const Trial& ended) const;

  const Trial& trial(std::int64_t number) const { return study_.state().trial(number); }
  int running() const;
  double study_time_s() const { return executor_.clock().now_s() + clock_offset_s_; }
  Result<void> log(Event::What what, const Signal* source = nullptr);  // source: whose word it is; none: the tuner's

  Study& study_;
  Director& director_;
  Executor& executor_;
  TunerOptions options_;
  Mode mode_ = Mode::Running;
  std::string wind_down_reason_;
  double clock_offset_s_ = 0;
  double now_s_ = 0;  // study time of what is being handled
  double uncommitted_since_s_ = 0;
  double commands_asked_s_ = 0;
  bool nothing_to_start_ = false;                          // the director was asked, and had no leg
  bool urgent_ = false;                                    // something other than a report is uncommitted
  std::vector<std::function<Result<void>()>> actions_;     // what workers are to hear after the commit
  std::set<std::int64_t> asked_to_pause_, asked_to_stop_;  // by a person: answers end as Paused, not as Waiting
  std::set<std::int64_t> young_clones_;                    // without a snapshot of their own yet
  std::set<std::int64_t> to_release_;  // ended, but young clones may still have to begin at a snapshot of theirs
};

}  // namespace pegbox
