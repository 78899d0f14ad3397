// Worker: speaks the trial protocol with a host and trains its trials, which share one workplace and form a pool.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "app/trainer/channel.h"
#include "app/trainer/trial.h"
#include "app/trainer/workplace.h"

namespace pegbox::trainer {

class Worker {
 public:
  using Log = WorkerTrial::Log;

  /// All arguments must outlive the worker. `log` takes lines for people (its standard error).
  Worker(Workplace& workplace, const Config& config, Channel& channel, const Clock& clock, Log log);

  /// Until the host says `quit` or its input ends; a fault if the data cannot be described.
  Result<void> serve();

 private:
  void take(const std::string& line);
  void on(const message::Describe& describe);
  void on(const message::Start& start);
  void on(const message::Go& go);
  void on(const message::Stop& stop);
  void on(const message::Pause& pause);
  void on(const message::Release& release);
  void on(const message::Quit& quit);

  Result<std::unique_ptr<WorkerTrial>> start_trial(const message::Start& start);
  void delay_or_fail(std::int64_t number, const HostMessage& message, const Error& error);
  void begin_delayed();
  void make_room();
  void train_slice();
  void train_step();
  void settle(WorkerTrial& trial, const WorkerTrial::Outcome& outcome);
  void fail_trial(std::int64_t number, const Error& error);
  void repair_or_fail(WorkerTrial& trial, const Error& error, bool has_more_room = false);
  void write_checkpoint(WorkerTrial& trial);
  void keep_within_memory();
  double held_bytes() const;
  WorkerTrial* find(std::int64_t number);
  bool is_active(std::int64_t number) const;
  void deactivate(std::int64_t number);

  Workplace& workplace_;
  const Config& config_;
  Channel& channel_;
  const Clock& clock_;
  Log log_;
  std::map<std::int64_t, std::unique_ptr<WorkerTrial>> trials_;
  std::deque<std::int64_t> active_;   // the pool
  std::deque<std::int64_t> waiting_;  // in memory or on disk, the longest first
  struct Delayed {
    std::int64_t number = 0;
    HostMessage message;    // a start or a go
    std::size_t crowd = 0;  // trials of the pool beside which there was no memory
    bool pause = false;     // as soon as it has begun
  };
  std::deque<Delayed> delayed_;
  bool quitting_ = false;
  Result<void> fault_;  // that ends the worker
};

/// What `describe` answers: facts about model and data, by name. Of a config that makes no model (its architecture is
/// searched) only the data's, and `log` is told why.
Result<message::Described> describe_workplace(Workplace& workplace, const Config& config, const Worker::Log& log);

}  // namespace pegbox::trainer
