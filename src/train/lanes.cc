// Lanes: see lanes.h.
#include "train/lanes.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace pegbox::train {

namespace {

constexpr int kMostLanes = 8;  // a usual batch of 8 to 32 sequences still feeds them all

}  // namespace

struct Lanes::State {
  std::mutex mutex;
  std::condition_variable start, finish;
  const std::function<void(int)>* work = nullptr;
  std::uint64_t round = 0;
  int running = 0;
  bool ending = false;
  std::vector<std::exception_ptr> faults;
  std::vector<std::thread> threads;
  int threads_each = 1;

  void call(int lane, const std::function<void(int)>& function) {
    try {
      function(lane);
    } catch (...) {
      faults[static_cast<std::size_t>(lane)] = std::current_exception();
    }
  }

  void serve(int lane) {
    at::set_num_threads(threads_each);
    std::uint64_t seen = 0;
    std::unique_lock lock(mutex);
    while (true) {
      start.wait(lock, [&] { return ending || round != seen; });
      if (ending) return;
      seen = round;
      const auto* const function = work;
      lock.unlock();
      call(lane, *function);
      lock.lock();
      if (--running == 0) finish.notify_one();
    }
  }
};

Lanes::Lanes(int count, int threads_each) : state_(std::make_unique<State>()) {
  state_->threads_each = threads_each;
  at::set_num_threads(threads_each);
  state_->faults.resize(static_cast<std::size_t>(count));
  for (int lane = 1; lane < count; ++lane) state_->threads.emplace_back([this, lane] { state_->serve(lane); });
}

std::unique_ptr<Lanes> Lanes::for_threads(int threads) {
  const int count = std::clamp(threads, 1, kMostLanes);
  return std::make_unique<Lanes>(count, std::max(1, threads / count));
}

Lanes::~Lanes() {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->ending = true;
  }
  state_->start.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

int Lanes::count() const { return static_cast<int>(state_->faults.size()); }

void Lanes::run(const std::function<void(int lane)>& work) {
  State& state = *state_;
  {
    const std::scoped_lock lock(state.mutex);
    state.work = &work;
    state.running = count() - 1;
    ++state.round;
  }
  state.start.notify_all();
  state.call(0, work);
  {
    std::unique_lock lock(state.mutex);
    state.finish.wait(lock, [&] { return state.running == 0; });
  }
  std::exception_ptr first;
  for (std::exception_ptr& fault : state.faults) {
    if (fault && !first) first = fault;
    fault = nullptr;
  }
  if (first) std::rethrow_exception(first);
}

void Lanes::each(std::size_t items, const std::function<void(std::size_t item, int lane)>& work) {
  run([&](int lane) {
    for (auto item = static_cast<std::size_t>(lane); item < items; item += static_cast<std::size_t>(count()))
      work(item, lane);
  });
}

}  // namespace pegbox::train
