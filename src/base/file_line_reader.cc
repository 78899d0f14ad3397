// FileLineReader: reads a mebibyte at a time, more where a line is longer.
#include "base/file_line_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace pegbox {

namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;

}  // namespace

Result<FileLineReader> FileLineReader::open(const Path& path) {
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor) return fail_errno(path.string(), "cannot open the file");
  return FileLineReader(std::move(descriptor), path);
}

Result<void> FileLineReader::read_more() {
  buffer_.erase(0, start_);
  start_ = 0;
  const std::size_t held = buffer_.size();
  buffer_.resize(held + kReadBytes);
  ssize_t count = -1;
  do count = ::read(descriptor_.get(), buffer_.data() + held, kReadBytes);
  while (count < 0 && errno == EINTR);
  if (count < 0) return fail_errno(path_.string(), "cannot read the file");
  buffer_.resize(held + static_cast<std::size_t>(count));
  at_end_ = count == 0;
  return {};
}

Result<std::optional<std::string_view>> FileLineReader::next() {
  std::size_t end = buffer_.find('\n', start_);
  while (end == std::string::npos && !at_end_) {
    const std::size_t seen = buffer_.size() - start_;
    PEGBOX_CHECK(read_more());
    end = buffer_.find('\n', seen);
  }
  if (end == std::string::npos && start_ == buffer_.size()) return std::optional<std::string_view>();
  if (end == std::string::npos) end = buffer_.size();
  const auto line = std::string_view(buffer_).substr(start_, end - start_);
  start_ = std::min(end + 1, buffer_.size());
  ++line_;
  return line;
}

}  // namespace pegbox
