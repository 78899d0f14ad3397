// CommandProgram: one running trial program: what it reports, what it prints, and how it is asked to leave.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/protocol.h"
#include "base/subprocess.h"
#include "search/executors/output_log.h"
#include "search/executors/program_output.h"

namespace pegbox {

class CommandProgram {
 public:
  /// Adds the two pipes to `spec`. What it prints goes to `log_file`.
  static Result<std::unique_ptr<CommandProgram>> start(ProcessSpec spec, const Path& log_file,
                                                       std::uint64_t log_limit_bytes, OutputPatterns patterns);

  /// Takes in what it has said so far; false if there was nothing.
  bool read();

  /// The next thing it said. After its end, also what its patterns had not completed.
  std::optional<ProgramLine> next();

  void say(const HostMessage& verdict);  ///< a line on its verdict descriptor; lost if it does not read
  void signal(int signal) { process_->signal_group(signal); }

  /// Its exit status, once it has ended and all it said was read. What it left running is killed then.
  std::optional<ExitStatus> ended();

  void add_descriptors(std::vector<int>& descriptors) const;
  void note(std::string_view text);  ///< a line of ours in its log
  std::string tail() const;          ///< the last KiB of its output, then that of its error output
  int process_id() const { return process_->process_id(); }

 private:
  CommandProgram(const Path& log_file, std::uint64_t log_limit_bytes, OutputPatterns patterns)
      : log_(log_file, log_limit_bytes), patterns_(std::move(patterns)) {}
  struct Stream {
    LineReader reader;
    OutputLines lines;
    OutputTail tail{1024};
    bool open = true;
  };
  bool read_printed(Stream& stream, int descriptor);
  bool read_reports();
  void match(const std::vector<std::string>& lines);

  OutputLog log_;
  OutputPatterns patterns_;
  std::unique_ptr<Subprocess> process_;
  Stream output_, error_output_;
  LineReader reports_;
  bool reports_open_ = true;
  std::deque<ProgramLine> said_;
  std::optional<ExitStatus> status_;
  bool finished_ = false;  // all was read
};

}  // namespace pegbox
