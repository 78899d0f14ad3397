// InlineExecutor: runs a function of the caller's in this process, on its own thread or on several. For searches over a
// C++ function, and for tests.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "search/executor.h"

namespace pegbox {

/// What the function tells of the leg it runs. Valid while the function runs; to be used by its thread alone.
class InlineReporter {
 public:
  virtual ~InlineReporter() = default;
  virtual void report(std::int64_t step, Metrics metrics) = 0;
  virtual void checkpoint(std::int64_t step, std::string name) = 0;
  /// Somebody wants the leg to end now: return, with a checkpoint if there is one.
  virtual bool should_end() const = 0;
};

/// How a leg ended, if it did not fail.
struct LegEnd {
  std::int64_t step = 0;
  Metrics metrics;         ///< at `step`
  std::string checkpoint;  ///< by which the next leg can go on; may be empty
};

/// Runs one leg: from `launch.from` to `launch.until`, or to the trial's own end if that comes first or `until` is 0.
/// Called by several threads at once, once for each leg. An error fails the trial: OutOfMemory and Diverged as such,
/// all others as FailureKind::Error. Must not throw.
using TrialFunction = std::function<Result<LegEnd>(const Launch& launch, InlineReporter& reporter)>;

class InlineExecutor final : public Executor {
 public:
  /// With no threads there is one slot, and `poll` runs its leg on the caller's thread, to its end: no hand-over
  /// between threads, which takes longer than a commit to a fast disk; but nothing else is heard meanwhile, so a
  /// person's pause waits for the leg's end.
  InlineExecutor(TrialFunction function, int threads, std::optional<message::Described> described = {});
  ~InlineExecutor() override;  ///< asks running functions to end and waits for them

  int slots() const override { return std::max(1, static_cast<int>(threads_.size())); }
  Result<std::optional<message::Described>> describe() override { return described_; }
  Result<void> start(const Launch& launch) override;
  void pause(std::int64_t trial) override;
  void stop(std::int64_t trial) override;
  void release(std::int64_t) override {}
  Result<std::vector<Signal>> poll(std::chrono::milliseconds wait) override;
  const Clock& clock() const override { return clock_; }

 private:
  enum class Wish : std::uint8_t { None, Pause, Stop };
  struct Leg {
    Launch launch;
    std::atomic<Wish> wish = Wish::None;
  };
  class Reporter;

  void work(int worker);
  std::shared_ptr<Leg> take();  ///< the next that waits; null if none does
  void run(Leg& leg, int worker);
  void ask(std::int64_t trial, Wish wish);
  void push(Signal signal, int worker);

  const TrialFunction function_;
  const std::optional<message::Described> described_;
  SystemClock clock_;
  std::mutex mutex_;
  std::condition_variable work_came_, signal_came_;
  std::deque<std::shared_ptr<Leg>> waiting_;
  std::map<std::int64_t, std::shared_ptr<Leg>> legs_;  // waiting and running, by trial
  std::vector<Signal> signals_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace pegbox
