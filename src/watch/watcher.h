// Watcher: reads production logs as they grow, compares each window of records with the reference, and tests rates
// after each record. What it knows is in a state file, with which a later run goes on.
//
// The state holds no text of a record, only counts of words, values of fields and numbers, and these with personal data
// replaced; of a log's bytes it holds a checksum of the first 64.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/growing_file.h"
#include "watch/alarm.h"
#include "watch/groups.h"
#include "watch/rate_watch.h"
#include "watch/record.h"
#include "watch/sample.h"
#include "watch/watch_config.h"

namespace pegbox::watch {

class Watcher {
 public:
  /// Goes on with the state file, or begins one, whose reference may be a file that is read here. Conflict if the state
  /// is another watch file's, or another process has it; Corrupt if it is damaged; errors of RecordReader and, in the
  /// reference, of lines that cannot be read. `broken` lines of the reference go to the listener.
  static Result<Watcher> open(const WatchConfig& config, Listener& listener);

  /// Reads all that the logs have now, and saves the state. With `to_the_end` a last line without a line feed counts if
  /// it is a whole record. InvalidInput for a broken line where these are not skipped: what came before it is kept, and
  /// it is met again. Interrupted, with the state saved. Io.
  Result<void> read(Listener& listener, bool to_the_end, const std::atomic<bool>& interrupted);

  bool has_reference() const { return reference_.has_value(); }
  bool has_any_log() const;                        ///< whether one of the logs exists, as `read` found
  std::int64_t alarms() const { return alarms_; }  ///< raised by this object
  /// {"records", "broken", "windows", "waiting", "reference", "rates", "groups", "alarms", "offensive_classifier"}.
  Json summary() const;

 private:
  Watcher(const WatchConfig& config, RecordReader reader, FileLock lock);
  Result<void> check_identity(const Json& begun) const;
  Result<void> load(const Json& state);
  Result<void> save();
  Result<void> read_reference(Listener& listener);
  Result<void> read_log(std::size_t number, Listener& listener, bool to_the_end, const std::atomic<bool>& interrupted);
  /// One line of a log: a record, or a broken line, which may be an error.
  Result<void> take(std::string_view line, const std::string& place, Listener& listener);
  Result<void> take_unfinished(std::size_t number, Listener& listener);
  void set_reference(Sample sample);
  void add(const Record& record, Listener& listener);
  void add_to_rates(const Record& record, Listener& listener);
  void close_window(Listener& listener);
  void raise(Alarm alarm, Listener& listener);

  WatchConfig config_;
  std::vector<Column> columns_;
  RecordReader reader_;
  FileLock lock_;
  std::vector<GrowingFile> logs_;
  std::vector<FilePlace> places_;  ///< after the last line that was taken
  std::optional<Sample> reference_;
  Sample window_;  ///< that is being filled; before there is a reference, it
  std::array<RateWatch, kRates> tests_;
  RateCounts totals_;
  Groups groups_;
  std::int64_t records_ = 0, broken_ = 0, windows_ = 0, alarms_ = 0;
  SystemClock clock_;
  double saved_s_ = 0;
};

}  // namespace pegbox::watch
