// What a plain program says of its trial: report lines on a descriptor of its own, or patterns in its output.
//
// Report lines are JSON objects, one for each line. The protocol's messages, without `trial`, and short forms:
//   {"report": {"step": 3, "metrics": {"loss": 0.5}}}     {"step": 3, "loss": 0.5}     {"loss": 0.5}
//   {"checkpoint": {"step": 3, "name": "epoch-3.pt"}}     {"failed": {"kind": "out-of-memory", "detail": "..."}}
// Without a step, a report counts as the next one after the last. `reached` and `done` are read as reports.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/protocol.h"
#include "base/result.h"

namespace pegbox {

struct ProgramReport {
  std::optional<std::int64_t> step;
  Metrics metrics;
};
struct ProgramCheckpoint {
  std::optional<std::int64_t> step;
  std::string name;
};
struct ProgramFailure {
  FailureKind kind = FailureKind::Error;
  std::string detail;
};
using ProgramLine = std::variant<ProgramReport, ProgramCheckpoint, ProgramFailure>;

/// Reads one report line; InvalidInput for anything else.
Result<ProgramLine> read_report_line(std::string_view line);

/// Patterns (RE2: linear time, whatever the text) by which reports are read from what a program prints. The first group
/// of each is the number. With several metrics, a report is complete when each has been seen or the step changes.
class OutputPatterns {
 public:
  /// `metrics`: name -> pattern; `step`: may be empty, then reports are counted. InvalidInput for a pattern that cannot
  /// be read or has no group.
  static Result<OutputPatterns> create(const std::map<std::string, std::string>& metrics, const std::string& step);
  OutputPatterns();
  OutputPatterns(const OutputPatterns&);  ///< shares the patterns, starts with nothing seen
  OutputPatterns(OutputPatterns&&) noexcept;
  OutputPatterns& operator=(OutputPatterns&&) noexcept;
  ~OutputPatterns();

  bool empty() const;

  /// A report, if this line completes one.
  std::optional<ProgramReport> take(std::string_view line);
  std::optional<ProgramReport> take_rest();  ///< what was seen since, at the program's end

 private:
  struct Table;
  std::shared_ptr<const Table> table_;
  ProgramReport seen_;
};

/// Splits what a program prints into lines: at newlines, and at the carriage returns of progress bars. Of a line only
/// the first 4 KiB count.
class OutputLines {
 public:
  std::vector<std::string> add(std::string_view bytes);  ///< the lines that are complete now
  std::string rest();

 private:
  std::string line_;
};

}  // namespace pegbox
