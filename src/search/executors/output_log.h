// OutputLog: what a child process printed, on disk within bounds, and its end in memory for messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"

namespace pegbox {

/// The end of a stream of text.
class OutputTail {
 public:
  explicit OutputTail(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}
  void append(std::string_view bytes);

  /// The last `limit_bytes`, whole lines where possible, as valid UTF-8, without blanks at the end.
  std::string text() const;

 private:
  const std::size_t limit_bytes_;
  std::string bytes_;
};

/// A full disk or a missing folder never disturbs a study: what cannot be written is left out.
class OutputLog {
 public:
  /// Appends to `file`. At `limit_bytes` / 2 it becomes FILE.1, replacing an older one, and a new file is begun.
  OutputLog(Path file, std::uint64_t limit_bytes);

  void append(std::string_view bytes);

  std::string tail() const { return tail_.text(); }  ///< the last 2 KiB

 private:
  const Path file_;
  const std::uint64_t limit_bytes_;
  std::optional<AppendFile> out_;
  std::uint64_t written_bytes_ = 0;
  OutputTail tail_{2048};
};

}  // namespace pegbox
