// WorkerExecutor: workers that speak the trial protocol over pipes, many trials each. The built-in trainer is one.
//
// A worker that dies, hangs or falls silent loses its trials (WorkerLost), is started again, and nothing else stops. A
// later leg goes to the worker that still holds the trial in memory (`go`), else to any with its checkpoint (`start`).
// One that has gone on elsewhere since is started from its checkpoint, whoever holds it.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "search/executor.h"
#include "search/executors/worker_process.h"

namespace pegbox {

struct WorkerOptions {
  std::vector<ProcessSpec> processes;        ///< one for each worker
  Path folder;                               ///< of worker-K.log (its stderr, and lines that are no messages)
  std::uint64_t log_limit_bytes = 16 << 20;  ///< of each log; twice that with its predecessor
  double ready_timeout_s = 120;              ///< of silence before `ready` and before `described`; `alive` breaks it
  double lease_s = 60;                       ///< a worker that says nothing for so long is dead
  double grace_s = 10;                       ///< for the answer to `stop` after a timeout
  double timeout_s = 0;                      ///< of a trial's running time; 0: none
  int start_attempts = 3;                    ///< deaths in a row before the first `ready` until it is given up
  double restart_delay_s = 0.5;              ///< doubled for each such death, at most 10 s
  /// Set when this process is told to leave: nobody waits for a description, and what a worker has that dies then goes
  /// back as if it had been paused.
  const std::atomic<bool>* interrupted = nullptr;
};

/// To be used by one thread.
class WorkerExecutor final : public Executor {
 public:
  /// NotFound if a worker's program does not exist.
  static Result<std::unique_ptr<WorkerExecutor>> start(WorkerOptions options);
  ~WorkerExecutor() override;  ///< sends `quit`, and kills what has not left after two seconds

  int slots() const override;  ///< of the workers that are ready; 0 until the first one is
  Result<std::optional<message::Described>> describe() override;

  /// If there is no free slot just now, the leg waits for one.
  Result<void> start(const Launch& launch) override;
  void pause(std::int64_t trial) override;
  void stop(std::int64_t trial) override;
  void release(std::int64_t trial) override;

  /// Returns early when the number of slots changes. An error when all workers are given up.
  Result<std::vector<Signal>> poll(std::chrono::milliseconds wait) override;
  const Clock& clock() const override { return clock_; }

  /// Messages about trials that the worker no longer had.
  std::int64_t ignored_messages() const { return ignored_messages_; }

 private:
  struct Worker;
  enum class Phase : std::uint8_t { Queued, Running, Pausing, Stopping, TimedOut };
  /// A leg from start() to its last signal.
  struct Leg {
    Launch launch;
    Phase phase = Phase::Queued;
    int worker = -1;
    std::int64_t step = 0;  ///< last reported
    double started_s = 0;
    double asked_s = 0;  ///< when it was asked to pause or stop
  };

  /// Who has a trial in memory, and at which step.
  struct Held {
    int worker = -1;
    std::int64_t step = 0;
  };

  explicit WorkerExecutor(WorkerOptions options);
  void service();
  void start_worker(int index);
  void receive(int index);
  void check_life(int index);
  void lose(int index, const std::string& why);
  void give_up(int index, const std::string& why);
  int take_trials(int index, const std::string& why);
  Signal signal_of_loss(const Leg& leg, const std::string& why) const;
  void check_times();
  void dispatch();
  int place_for(const Launch& launch) const;
  int holder_of(const Launch& launch) const;
  void begin(Leg& leg, int worker);
  void say(int worker, const HostMessage& message);
  void ask(std::int64_t trial, Phase phase, const HostMessage& message, SignalKind answer);
  int free_slots(int index) const;
  void wait_for_news(double until_s) const;
  Leg* leg_of(std::int64_t trial, int worker);
  void emit(Signal signal, int worker);
  void end(Signal signal, int worker);
  Result<void> hope() const;

  void on(const message::Ready& ready, int worker);
  void on(const message::Described& described, int worker);
  void on(const message::Report& report, int worker);
  void on(const message::Checkpoint& checkpoint, int worker);
  void on(const message::Reached& reached, int worker);
  void on(const message::Paused& paused, int worker);
  void on(const message::Done& done, int worker);
  void on(const message::Stopped& stopped, int worker);
  void on(const message::Failed& failed, int worker);
  void on(const message::Alive&, int) {}

  const WorkerOptions options_;
  SystemClock clock_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::map<std::int64_t, Leg> legs_;                // by trial
  std::vector<std::int64_t> queue_;                 // trials whose leg waits for a slot
  std::map<std::int64_t, Held> held_;               // trials between legs
  std::map<std::int64_t, std::set<int>> known_by_;  // trial -> workers to be told of its release
  std::map<std::int64_t, double> spent_s_;          // running time of earlier legs
  std::vector<Signal> signals_;
  std::optional<message::Described> described_;
  std::int64_t description_id_ = 0;
  std::int64_t ignored_messages_ = 0;
};

}  // namespace pegbox
