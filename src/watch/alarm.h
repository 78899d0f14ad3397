// Alarm: what somebody should look at, in words and as JSON; and what a watch says on its way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "watch/drift.h"
#include "watch/rate.h"

namespace pegbox::watch {

struct Alarm {
  std::string kind;         ///< "drift" or "rate"
  std::string text;         ///< one line
  std::int64_t record = 0;  ///< the number, from 1, of the record after which it was raised
  Json detail;              ///< of "drift": the window's report; of "rate": the rate's state
};
Json to_json(const Alarm& alarm);  ///< {"alarm": kind, "text", "record", "detail"}

struct WindowReport {
  std::int64_t number = 0;                         ///< from 1
  std::int64_t first_record = 0, last_record = 0;  ///< numbers of records, from 1
  std::string first_time, last_time;
  std::vector<ColumnDrift> drifts;
  RateCounts rates;
};
Json to_json(const WindowReport& report);

/// Whoever listens to a watch.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void on_note(const std::string& note) = 0;       ///< what happened to a log
  virtual void on_broken(const std::string& message) = 0;  ///< a line that was skipped
  virtual void on_window(const WindowReport& report) = 0;
  virtual void on_alarm(const Alarm& alarm) = 0;
};

/// "prompt_length (kolmogorov_smirnov, p 2.1e-09), output_words (refund: 1 % to 14 %)".
std::string describe_drift(const std::vector<ColumnDrift>& drifts);

}  // namespace pegbox::watch
