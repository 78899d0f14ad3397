// Clock: time as an argument, so that a study may run on simulated time and tests need not wait.
#pragma once

#include <string>

namespace pegbox {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual double now_s() const = 0;  ///< monotonic seconds from an arbitrary origin
};

/// The machine's monotonic clock.
class SystemClock final : public Clock {
 public:
  double now_s() const override;
};

/// A clock that moves only when told to.
class ManualClock final : public Clock {
 public:
  double now_s() const override { return now_s_; }
  void set(double now_s) { now_s_ = now_s; }

 private:
  double now_s_ = 0;
};

double unix_time_s();         ///< seconds since 1970, for people only; no decision depends on it
std::string timestamp_utc();  ///< "2026-11-22T21:30:00Z"

}  // namespace pegbox
