// Progress: shows a running study while it runs: a picture that is redrawn in a terminal, plain lines elsewhere.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "app/console.h"
#include "base/clock.h"
#include "search/observer.h"
#include "search/store.h"
#include "search/study.h"

namespace pegbox {

/// It has its own thread and its own fold of the events. Its queue is bounded: where events come faster than they can
/// be shown it forgets the queue and reads what it missed from the store, so the study never waits for it.
class Progress final : public Observer {
 public:
  /// Shows `study` from its present state on; says at once that it pauses when `interrupted` is set. `store`,
  /// `console` and `interrupted` must outlive it.
  Progress(const Study& study, Store& store, Console& console, const std::atomic<bool>& interrupted);
  ~Progress() override;  ///< shows the last state

  void on_event(const Event& event) override;

 private:
  void run();
  void fold(const Event& event);
  void tell(const std::string& line);
  void catch_up();
  void show(bool is_last);
  void draw();
  double now_s() const;

  Store& store_;
  Console& console_;
  const std::atomic<bool>& interrupted_;
  SystemClock clock_;
  StudyState state_;
  double folded_at_s_;  ///< on our clock: when the last event came
  double said_at_s_;
  std::deque<std::string> news_;
  std::size_t drawn_lines_ = 0;
  bool said_pausing_ = false;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Event> queue_;
  bool behind_ = false;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace pegbox
