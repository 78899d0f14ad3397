// Lanes: worker threads that each compute whole micro-batches, instead of sharing every matrix product.
//
// Threads that meet only once a step wait little for each other, small matrices included, and lose nothing when another
// program takes a core for a moment. With many cores each lane has several.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace pegbox::train {

class Lanes {
 public:
  /// `count` >= 1; the calling thread is lane 0. In each lane libtorch uses `threads_each` threads.
  explicit Lanes(int count, int threads_each = 1);

  /// As many lanes as a batch can feed, at most `threads`; the rest of the threads go to libtorch inside the lanes.
  static std::unique_ptr<Lanes> for_threads(int threads);
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  int count() const;

  /// Calls work(0), ..., work(count - 1), each in its lane, and returns when all are done. The first exception, by
  /// lane, is thrown again here.
  void run(const std::function<void(int lane)>& work);

  /// Calls work(0, lane), ..., work(count - 1, lane) in the same way, the items dealt out to the lanes in turn.
  void each(std::size_t count, const std::function<void(std::size_t item, int lane)>& work);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pegbox::train
