// Console: the one place where the program writes to its user. Results go to stdout, all else to stderr.
#pragma once

#include <atomic>
#include <string_view>

#include "app/log.h"
#include "app/terminal.h"
#include "base/result.h"

namespace pegbox {

/// Any thread may write; a line is never torn by another.
class Console {
 public:
  Console(bool quiet, bool verbose, Log log);

  /// A result, whole or a part: exactly `text`, to stdout. What it writes can be read by another program.
  void print(std::string_view text);
  /// Io if a result could not be written (a full disk); a reader that has gone is none of our business.
  Result<void> check_output() const;

  // One line each to stderr and into the log, without control characters (see clean_text).
  void say(std::string_view line);     ///< what happens; not with --quiet
  void detail(std::string_view line);  ///< more of it; only with --verbose
  void warn(std::string_view line);
  void error(std::string_view line);

  /// Raw bytes to stderr (a redrawn picture), not logged; nothing with --quiet.
  void draw(std::string_view bytes);

  bool quiet() const { return quiet_; }
  Log& log() { return log_; }
  const Terminal& out() const { return out_; }  ///< stdout
  const Terminal& err() const { return err_; }  ///< stderr
  Paint out_paint() const { return Paint(out_.has_color); }
  Paint err_paint() const { return Paint(err_.has_color); }

 private:
  bool quiet_, verbose_;
  Log log_;
  Terminal out_, err_;
  std::atomic<int> out_error_ = 0;  // errno of the last write to stdout that failed
};

}  // namespace pegbox
