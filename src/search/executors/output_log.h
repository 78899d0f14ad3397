// OutputLog: what a child process printed, on disk within bounds, and its end in memory for messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"

namespace pegbox {

/// A full disk or a missing folder never disturbs a study: what cannot be written is left out.
class OutputLog {
 public:
  /// Appends to `file`. At `limit_bytes` / 2 it becomes FILE.1, replacing an older one, and a new file is begun.
  OutputLog(Path file, std::uint64_t limit_bytes);

  void append(std::string_view bytes);

  /// The last 2 KiB, whole lines where possible, as valid UTF-8.
  std::string tail() const;

 private:
  const Path file_;
  const std::uint64_t limit_bytes_;
  std::optional<AppendFile> out_;
  std::uint64_t written_bytes_ = 0;
  std::string tail_;
};

}  // namespace pegbox
