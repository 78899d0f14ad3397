// Lanes: worker threads that each compute whole micro-batches, instead of sharing every matrix product.
//
// Threads that meet only once a step wait little for each other, small matrices included, and lose nothing when another
// program takes a core for a moment; inside a lane libtorch runs on one thread.
#pragma once

#include <functional>
#include <memory>

namespace pegbox::train {

class Lanes {
 public:
  /// `count` >= 1; the calling thread is lane 0. Sets libtorch's own number of threads to 1.
  explicit Lanes(int count);
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  int count() const;

  /// Calls work(0), ..., work(count - 1), each in its lane, and returns when all are done. The first exception, by
  /// lane, is thrown again here.
  void run(const std::function<void(int lane)>& work);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pegbox::train
