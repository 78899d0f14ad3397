// CommandExecutor: one plain program for each trial, started from a command template; any language, any framework.
//
// The program finds in its environment
//   PEGBOX_TRIAL, PEGBOX_SEED    its number, and a seed of 31 bits
//   PEGBOX_CONFIG                a JSON file with its hyperparameters
//   PEGBOX_UNTIL                 the step at which it will be judged; 0: at its end
//   PEGBOX_CHECKPOINT_DIR        a folder of its own
//   PEGBOX_RESUME                a file or folder to go on from; not set: from the beginning
//   PEGBOX_REPORT_FD             a descriptor for report lines (see program_output.h)
//   PEGBOX_VERDICT_FD            a descriptor with verdicts: {"go": {"trial": 7, "until": 30}}, {"stop": {"trial": 7}}
// It is read by patterns in its output if there are any. Exit 0: its last report is its result.
//
// At a rung it may wait for its verdict; one that does not goes on meanwhile, and what it says is kept for the next
// leg. A trial that is not started again before the next poll() is paused. Pausing and stopping: `stop`, after a
// quarter of the grace period SIGTERM, after all of it SIGKILL. A paused program goes on from the last checkpoint that
// it named, else from PEGBOX_CHECKPOINT_DIR if it left something there, else from the beginning; steps that it had
// already reported are left out then.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "search/executor.h"
#include "search/executors/command_program.h"
#include "search/executors/command_template.h"

namespace pegbox {

struct CommandOptions {
  std::string command;                                 ///< for /bin/sh -c, with {name} placeholders
  std::vector<std::string> hyperparameters;            ///< the names that the template may use
  std::map<std::string, std::string> metric_patterns;  ///< metric -> RE2 pattern; empty: report lines only
  std::string step_pattern;
  int count = 1;  ///< programs at once
  /// For each of the `count` places: its GPUs, its threads. Empty, or `count` entries.
  std::vector<std::map<std::string, std::string>> environments;
  Path folder;           ///< of trial-N/{config.json, output.log, checkpoints}
  Path working_folder;   ///< where the command runs; empty: here
  double timeout_s = 0;  ///< of a trial's running time; 0: none
  double grace_s = 10;
  std::uint64_t log_limit_bytes = 16 << 20;
  /// Set when this process is told to leave: programs that a signal ends then were told so too, and are paused.
  const std::atomic<bool>* interrupted = nullptr;
};

/// What a command may use besides the hyperparameters; `resume` is empty from the beginning.
inline constexpr std::array kOwnPlaceholders = {"trial", "seed", "config", "until", "checkpoint_dir", "resume"};

/// To be used by one thread.
class CommandExecutor final : public Executor {
 public:
  /// InvalidInput for a template or pattern that cannot be read.
  static Result<std::unique_ptr<CommandExecutor>> create(CommandOptions options);
  ~CommandExecutor() override;  ///< asks running programs to leave, as `pause` does, and waits for them

  int slots() const override { return options_.count; }
  Result<std::optional<message::Described>> describe() override { return std::nullopt; }

  /// If all places are taken by programs that have not left yet, the leg waits for one.
  Result<void> start(const Launch& launch) override;
  void pause(std::int64_t trial) override;
  void stop(std::int64_t trial) override;
  void release(std::int64_t trial) override;

  /// An error if the shell does not find the command of the first trial.
  Result<std::vector<Signal>> poll(std::chrono::milliseconds wait) override;
  const Clock& clock() const override { return clock_; }

 private:
  enum class Phase : std::uint8_t { Queued, Running, AtRung, Leaving };
  enum class Ending : std::uint8_t { Silent, Paused, Stopped, TimedOut };  ///< what to say when it has left
  struct Run;

  CommandExecutor(CommandOptions options, CommandTemplate command, OutputPatterns patterns);
  Run* active(std::int64_t trial);  ///< its run that is not leaving, if any
  void service();
  void advance(Run& run);
  void follow(Run& run);
  void hear_late_reports(Run& run);
  void hear(Run& run, const ProgramLine& line);
  void hear_report(Run& run, const ProgramReport& report);
  void hear_checkpoint(Run& run, const ProgramCheckpoint& checkpoint);
  void on_exit(Run& run, const ExitStatus& status);
  void on_failure(Run& run, const ExitStatus& status);
  void leave(Run& run, Ending ending);
  void see_off(Run& run);
  void say_farewell(Run& run);
  void end_leg(Run& run);
  void ask(std::int64_t trial, Ending ending);
  void dispatch();
  Result<void> begin(Run& run, int place);
  ProcessSpec process_for(const Run& run, int place) const;
  int free_place() const;
  void emit(const Run& run, Signal signal);
  void wait_for_news(double until_s) const;

  const CommandOptions options_;
  const CommandTemplate command_;
  const OutputPatterns patterns_;
  SystemClock clock_;
  std::vector<std::unique_ptr<Run>> runs_;                  // in the order of their start
  std::map<std::int64_t, std::int64_t> highest_step_;       // reported, by trial
  std::map<std::int64_t, std::deque<ProgramReport>> late_;  // by trial: from programs that went on after their rung
  std::map<std::int64_t, double> spent_s_;                  // running time of earlier legs
  std::vector<Signal> signals_;
  std::optional<Error> broken_;
  bool proven_ = false;  // some trial has reported: the command works
};

}  // namespace pegbox
