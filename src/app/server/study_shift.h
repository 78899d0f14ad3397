// StudyShift: a worker's time with one study: it takes trials, has an executor run them, and says what becomes of them.
//
// Each turn asks for trials while there are free slots, hears the executor, and delivers: measurements in batches, what
// waits for a verdict at once. While the server is away trials go on, and what they say is kept until it is back.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/server/server_link.h"
#include "search/executor.h"

namespace pegbox::server {

/// What runs a study's trials here.
struct Workshop {
  std::unique_ptr<Executor> executor;
  bool keeps_snapshots = false;  ///< other trials may begin at those of one that has ended: nothing is released
};

/// To be used by one thread.
class StudyShift {
 public:
  using Say = std::function<void(const std::string& line)>;

  /// `described`: what the executor says of the work, if the study does not know it yet.
  StudyShift(std::string study, Workshop workshop, std::optional<message::Described> described, ServerLink& link,
             Say say)
      : study_(std::move(study)),
        workshop_(std::move(workshop)),
        described_(std::move(described)),
        link_(link),
        say_(std::move(say)),
        idle_since_s_(link.clock().now_s()) {}

  /// A moment's work. An error: the executor can run nothing more, or the server refuses this worker.
  Result<void> turn();

  /// Whether the study is over, or not for this server's workers, and all was delivered.
  bool is_over() const { return held_.empty() && outbox_.empty() && state_ != kRunning; }
  bool is_busy_elsewhere() const { return state_ == kBusy; }  ///< another process runs the study
  double idle_s() const { return now_s() - idle_since_s_; }   ///< for so long it has had no trial

  /// Every trial is asked to pause, and goes back to the queue with its snapshot. Returns when all have, or `most_s`
  /// are over; their leases expire then.
  void hand_back(double most_s, const std::string& why);

  std::int64_t ended() const { return ended_; }  ///< trials that ended here

 private:
  struct Holding {
    std::string lease;
    double lease_s = 0;
    Launch launch;
    bool is_queued = false;    // until an earlier leg of it has left the executor
    bool waits = false;        // at its rung, for a verdict
    std::int64_t step = 0;     // of the rung
    std::string checkpoint;    // there
    double heard_s = 0;        // when the server last answered about it
    bool is_renewing = false;  // a renewal is on its way
  };
  static constexpr char kRunning[] = "running", kBusy[] = "busy";

  Result<void> fill();
  Result<void> start(const LeasedTrial& leased);
  Result<void> hear(const Signal& signal);
  Result<void> see_off(const Signal& signal);
  void on_news(Holding& holding, const Signal& signal);
  void on_reached(Holding& holding, const Signal& signal);
  void end(std::int64_t trial, TrialMessage message);
  void renew();
  Result<void> deliver(bool at_once);
  void put_back(std::vector<TrialMessage> refused);
  Result<void> on_answer(const TrialMessage& message, const Result<Standing>& answer);
  Result<void> obey(Holding& holding, const TrialMessage& message, const Standing& standing);
  Result<void> go_on(Holding& holding, std::int64_t until);
  void let_go(std::int64_t trial, Verdict verdict);
  void release(std::int64_t trial);
  void put(TrialMessage message, bool urgent);
  double now_s() const { return link_.clock().now_s(); }

  const std::string study_;
  Workshop workshop_;
  const std::optional<message::Described> described_;
  ServerLink& link_;
  const Say say_;
  std::map<std::int64_t, Holding> held_;  // by trial
  std::set<std::int64_t> leaving_here_;   // no longer held, but still in the executor
  std::deque<TrialMessage> outbox_;       // not acknowledged yet
  bool urgent_ = false;
  bool leaving_ = false;
  std::string leaving_why_;
  std::string state_ = kRunning;  // of the study, as the last answer to `ask` said
  double waiting_since_s_ = 0;    // the first of the outbox
  double ask_again_s_ = 0;
  double idle_since_s_;
  std::int64_t ended_ = 0;
};

}  // namespace pegbox::server
