// InlineExecutor: a queue of legs, threads that take from it, and a queue of signals back.
#include "search/executors/inline_executor.h"

#include <utility>

#include "search/executors/signal_order.h"

namespace pegbox {
namespace {

FailureKind failure_of(ErrorKind kind) {
  if (kind == ErrorKind::OutOfMemory) return FailureKind::OutOfMemory;
  if (kind == ErrorKind::Diverged) return FailureKind::Diverged;
  return FailureKind::Error;
}

}  // namespace

class InlineExecutor::Reporter final : public InlineReporter {
 public:
  Reporter(InlineExecutor& executor, const Leg& leg, int worker) : executor_(executor), leg_(leg), worker_(worker) {}

  void report(std::int64_t step, Metrics metrics) override {
    executor_.push(
        {.kind = SignalKind::Report, .trial = leg_.launch.trial, .step = step, .metrics = std::move(metrics)}, worker_);
  }
  void checkpoint(std::int64_t step, std::string name) override {
    Signal signal{.kind = SignalKind::Checkpoint, .trial = leg_.launch.trial, .step = step};
    signal.checkpoint = std::move(name);
    executor_.push(std::move(signal), worker_);
  }
  bool should_end() const override { return leg_.wish != Wish::None; }

 private:
  InlineExecutor& executor_;
  const Leg& leg_;
  const int worker_;
};

InlineExecutor::InlineExecutor(TrialFunction function, int threads, std::optional<message::Described> described)
    : function_(std::move(function)), described_(std::move(described)) {
  for (int worker = 0; worker < threads; ++worker) threads_.emplace_back([this, worker] { work(worker); });
}

InlineExecutor::~InlineExecutor() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    for (const auto& [trial, leg] : legs_) leg->wish = Wish::Stop;
  }
  work_came_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

Result<void> InlineExecutor::start(const Launch& launch) {
  {
    const std::lock_guard lock(mutex_);
    if (legs_.contains(launch.trial))
      return fail(ErrorKind::Internal, {.where = "trial " + std::to_string(launch.trial), .what = "it runs already"});
    const auto leg = std::make_shared<Leg>();
    leg->launch = launch;
    legs_[launch.trial] = leg;
    waiting_.push_back(leg);
  }
  work_came_.notify_one();
  return {};
}

std::shared_ptr<InlineExecutor::Leg> InlineExecutor::take() {
  if (waiting_.empty()) return nullptr;
  auto leg = std::move(waiting_.front());
  waiting_.pop_front();
  return leg;
}

void InlineExecutor::work(int worker) {
  for (;;) {
    std::unique_lock lock(mutex_);
    work_came_.wait(lock, [&] { return closing_ || !waiting_.empty(); });
    if (closing_) return;
    const auto leg = take();
    lock.unlock();
    run(*leg, worker);
  }
}

void InlineExecutor::run(Leg& leg, int worker) {
  const Launch& launch = leg.launch;
  Signal end{.kind = SignalKind::Failed, .trial = launch.trial, .step = launch.from};
  if (leg.wish == Wish::None) {
    Reporter reporter(*this, leg, worker);
    auto result = function_(launch, reporter);
    if (!result) {
      end.failure = failure_of(result.error().kind);
      end.detail = std::move(result.error().message);
    } else {
      const bool reached = launch.until > 0 && result->step >= launch.until;
      end.kind = reached ? SignalKind::Reached : SignalKind::Done;
      end.step = result->step;
      end.metrics = std::move(result->metrics);
      end.checkpoint = std::move(result->checkpoint);
      // Only a leg that was cut short is paused; one that got to its end has got there.
      if (leg.wish == Wish::Pause && !reached) end.kind = SignalKind::Paused;
      if (leg.wish == Wish::Stop) end.kind = SignalKind::Stopped;
    }
  } else {
    end.kind = leg.wish == Wish::Pause ? SignalKind::Paused : SignalKind::Stopped;
    if (launch.resume) end.checkpoint = launch.resume->name;
  }
  {
    const std::lock_guard lock(mutex_);
    legs_.erase(launch.trial);
  }
  push(std::move(end), worker);
}

void InlineExecutor::push(Signal signal, int worker) {
  signal.worker = "thread " + std::to_string(worker + 1);
  {
    const std::lock_guard lock(mutex_);
    signal.time_s = clock_.now_s();
    signals_.push_back(std::move(signal));
  }
  signal_came_.notify_one();
}

void InlineExecutor::ask(std::int64_t trial, Wish wish) {
  const std::lock_guard lock(mutex_);
  if (const auto found = legs_.find(trial); found != legs_.end()) found->second->wish = wish;
}

void InlineExecutor::pause(std::int64_t trial) { ask(trial, Wish::Pause); }
void InlineExecutor::stop(std::int64_t trial) { ask(trial, Wish::Stop); }

Result<std::vector<Signal>> InlineExecutor::poll(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  if (threads_.empty() && signals_.empty()) {
    if (const auto leg = take()) {
      lock.unlock();
      run(*leg, 0);
      lock.lock();
    }
  }
  signal_came_.wait_for(lock, wait, [&] { return !signals_.empty(); });
  auto signals = std::exchange(signals_, {});
  lock.unlock();
  sort_signals(signals);
  return signals;
}

}  // namespace pegbox
