// Log: what the program did, for later reading: lines with a time in the file that --log-file names.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace pegbox {

class Log {
 public:
  /// A log that keeps nothing.
  Log();
  /// Appends to `path`; Io if it cannot be written. `verbose` keeps details too.
  static Result<Log> open(const Path& path, bool verbose);
  Log(Log&&) noexcept;
  Log& operator=(Log&&) noexcept;
  ~Log();

  void detail(std::string_view text);
  void info(std::string_view text);
  void warning(std::string_view text);
  void error(std::string_view text);

 private:
  struct Sink;
  std::unique_ptr<Sink> sink_;
};

}  // namespace pegbox
