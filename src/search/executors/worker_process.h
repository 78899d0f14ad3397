// WorkerProcess: one running worker: its process, its messages both ways, and its log.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/protocol.h"
#include "base/subprocess.h"
#include "search/executors/output_log.h"

namespace pegbox {

class WorkerProcess {
 public:
  /// `log` takes its stderr and every line that is no message; must outlive the process.
  static Result<std::unique_ptr<WorkerProcess>> start(ProcessSpec spec, OutputLog& log);

  /// The messages that have come. Lines that are none are logged, with what is wrong with them.
  std::vector<WorkerMessage> receive();

  /// False if it is gone or does not read.
  bool send(const HostMessage& message);

  /// Its exit status once it has ended.
  std::optional<ExitStatus> ended() { return process_->poll(); }

  bool can_speak() const { return output_open_; }  ///< it has not closed its output
  void add_descriptors(std::vector<int>& descriptors) const;
  void close_input() { process_->close_input(); }
  std::int64_t garbage_lines() const { return garbage_lines_; }
  int process_id() const { return process_->process_id(); }

 private:
  explicit WorkerProcess(OutputLog& log) : log_(log) {}

  OutputLog& log_;
  std::unique_ptr<Subprocess> process_;
  LineReader output_{kMaxLineBytes}, error_output_;
  bool output_open_ = true, error_output_open_ = true;
  std::int64_t garbage_lines_ = 0;
};

/// Reads what a non-blocking descriptor has, as it is. False at its end.
bool read_available(LineReader& reader, int descriptor, std::string& bytes);

}  // namespace pegbox
