// FileLineReader: the lines of a file one after another, in memory that does not grow with the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "base/file.h"
#include "base/result.h"

namespace pegbox {

class FileLineReader {
 public:
  static Result<FileLineReader> open(const Path& path);

  /// The next line without its line feed; nothing at the end of the file. Valid until the next call.
  Result<std::optional<std::string_view>> next();
  std::int64_t line() const { return line_; }  ///< number of the line that `next` gave last, from 1

 private:
  FileLineReader(Descriptor descriptor, Path path) : descriptor_(std::move(descriptor)), path_(std::move(path)) {}
  Result<void> read_more();

  Descriptor descriptor_;
  Path path_;
  std::string buffer_;
  std::size_t start_ = 0;  ///< of what was not given yet, in the buffer
  bool at_end_ = false;    ///< of the file; the buffer may hold more
  std::int64_t line_ = 0;
};

}  // namespace pegbox
