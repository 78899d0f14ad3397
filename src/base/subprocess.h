// Subprocess: a child process with pipes, its own process group, and a life that ends with its parent's.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace pegbox {

/// What to start. The child gets the parent's environment plus `environment`.
struct ProcessSpec {
  std::vector<std::string> arguments;              ///< argv; the first is looked up in PATH
  std::map<std::string, std::string> environment;  ///< added or replaced
  Path folder;                                     ///< working folder; empty: the parent's
  bool pipe_input = false;                         ///< a pipe to its standard input; else /dev/null
  /// Extra pipes: the variable is set to the descriptor's number in the child, e.g. PEGBOX_REPORT_FD.
  std::vector<std::string> read_pipe_variables;   ///< the child writes, we read
  std::vector<std::string> write_pipe_variables;  ///< we write, the child reads
};

/// How a child ended.
struct ExitStatus {
  int code = 0;                  ///< exit code, or 128 + signal
  int signal = 0;                ///< 0 if it exited by itself
  std::string describe() const;  ///< "exit code 3", "killed by SIGKILL"
};

/// It leads no group: it lives, with all that it starts, in the group of a guardian that kills the group as soon as
/// this process is gone, however it went (see spawn.h). Not safe to use from several threads at once.
class Subprocess {
 public:
  /// Starts it. NotFound if the program does not exist, Io for other failures: known before this returns. A relative
  /// path with a slash is relative to `folder`.
  static Result<std::unique_ptr<Subprocess>> start(const ProcessSpec& spec);
  virtual ~Subprocess() = default;  ///< kills the whole group if it still runs

  virtual int process_id() const = 0;
  virtual int output() const = 0;                              ///< descriptor to read its stdout from (non-blocking)
  virtual int error_output() const = 0;                        ///< its stderr
  virtual int read_pipe(std::string_view variable) const = 0;  ///< -1 if there is none of that name

  /// Writes all of `bytes` to its standard input, or to a write pipe if named. Io if it is gone or does
  /// not read for 10 s; part of the bytes may have arrived then. Never raises SIGPIPE.
  virtual Result<void> write(std::string_view bytes, std::string_view variable = {}) = 0;
  virtual void close_input() = 0;

  virtual std::optional<ExitStatus> poll() = 0;  ///< the exit status once it has ended; never blocks
  virtual void signal_group(int signal) = 0;
};

/// Splits a stream of bytes into lines. Of a line over the limit only the first `limit_bytes` are given.
class LineReader {
 public:
  explicit LineReader(std::size_t limit_bytes = 1 << 20) : limit_bytes_(limit_bytes) {}
  /// Reads what a non-blocking descriptor has. False at its end or on an error.
  bool fill(int descriptor);
  std::optional<std::string> take();  ///< the next whole line, without its newline
  std::string rest();                 ///< takes what has come since the last newline, once `take` has no more
  bool overflowed() const { return overflowed_; }  ///< whether the line that `take` gave last was cut

 private:
  std::size_t limit_bytes_;
  std::string buffer_;
  std::size_t start_ = 0;     // of the first line not taken yet
  std::size_t searched_ = 0;  // no newline between start_ and here
  bool skipping_ = false;     // what comes is the end of a line that was cut
  bool overflowed_ = false;
};

/// Waits until one of the descriptors can be read (or has ended), a signal comes, or the time is over. Negative
/// descriptors are passed over.
void wait_readable(const std::vector<int>& descriptors, std::chrono::milliseconds wait);

}  // namespace pegbox
