// SimulatedExecutor: trials whose course is known, on a clock of its own: recorded curves, or curves from a formula.
//
// For tests, for comparing strategies in seconds, and for `what-if`. Nothing here is random, so a study that is killed
// and resumed goes on exactly as if it had not been: `adopt` takes every leg over.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "search/executor.h"

namespace pegbox {

/// The course of one trial, were it run to its end.
struct SimulatedTrial {
  std::int64_t length = 1;        ///< steps to its own end
  std::int64_t report_every = 1;  ///< it reports at multiples of this
  double seconds_per_step = 1;
  double startup_s = 0;                             ///< before its first step ever
  std::function<Metrics(std::int64_t step)> curve;  ///< the metrics at a step, 1 to `length`
  std::int64_t fails_at = 0;                        ///< the step at which it ends by `failure`; 0: never
  FailureKind failure = FailureKind::Error;         ///< WorkerLost: its worker dies instead
};

/// The course of a trial; must give the same for the same configuration, seed and attempt.
using Simulation = std::function<SimulatedTrial(const Launch& launch)>;

/// A trial that repeats a recorded curve: its reports, spread evenly over `seconds`, and its length.
SimulatedTrial recorded_trial(std::vector<Report> curve, double seconds);

class SimulatedExecutor : public Executor {
 public:
  /// `workers` legs at once. `start_s`: where the clock begins.
  SimulatedExecutor(Simulation simulation, int workers, double start_s = 0,
                    std::optional<message::Described> described = {});

  int slots() const override { return workers_; }
  Result<std::optional<message::Described>> describe() override { return described_; }
  Result<void> start(const Launch& launch) override;

  /// Always true. What comes next are the signals that a leg started at `started_s` gives after step `reported`.
  bool adopt(const Launch& launch, double started_s, std::int64_t reported) override;

  void pause(std::int64_t trial) override;
  void stop(std::int64_t trial) override;
  void release(std::int64_t trial) override;

  /// Moves the clock to the next moment at which something happens, and returns all that happens then; nothing if no
  /// leg runs. Never waits.
  Result<std::vector<Signal>> poll(std::chrono::milliseconds wait) override;
  const Clock& clock() const override { return clock_; }

 private:
  struct Leg {
    Launch launch;
    SimulatedTrial trial;
    double first_step_s = 0;    ///< when its first step began
    std::int64_t reported = 0;  ///< last step told
  };
  static double time_of(const Leg& leg, std::int64_t step);
  static std::int64_t next_step(const Leg& leg);
  Signal signal_at(const Leg& leg, std::int64_t step) const;
  void add(const Launch& launch, double started_s, std::int64_t reported);
  void interrupt(std::int64_t trial, SignalKind kind);

  const Simulation simulation_;
  const int workers_;
  const std::optional<message::Described> described_;
  ManualClock clock_;
  std::map<std::int64_t, Leg> legs_;  // by trial
  std::vector<Signal> answers_;       // to pause and stop
};

}  // namespace pegbox
