// GrowingFile: see growing_file.h.
#include "base/growing_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/crc32c.h"

namespace pegbox {

namespace {

constexpr std::size_t kGrownReadBytes = std::size_t{1} << 20;
constexpr std::int64_t kMostCheckedBytes = 64;

struct Identity {
  std::uint64_t device = 0, inode = 0;
  std::int64_t bytes = 0;
  bool operator==(const Identity& other) const { return device == other.device && inode == other.inode; }
};

Identity identity_of(const struct stat& status) {
  return {.device = status.st_dev, .inode = status.st_ino, .bytes = status.st_size};
}

std::optional<Identity> identity_of(const Path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return identity_of(status);
}

std::uint32_t checksum_of_start(int descriptor, std::int64_t count) {
  std::string bytes(static_cast<std::size_t>(count), '\0');
  const ssize_t got = ::pread(descriptor, bytes.data(), bytes.size(), 0);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return crc32c(bytes);
}

}  // namespace

GrowingFile::GrowingFile(Path path, FilePlace from) : path_(std::move(path)), place_(std::move(from)) {}

std::vector<std::string> GrowingFile::take_notes() { return std::exchange(notes_, {}); }

bool GrowingFile::has_same_beginning(int descriptor) const {
  return checksum_of_start(descriptor, place_.checked_bytes) == place_.checksum;
}

void GrowingFile::begin(Descriptor descriptor) {
  struct stat status{};
  ::fstat(descriptor.get(), &status);
  ::lseek(descriptor.get(), 0, SEEK_SET);
  const Identity now = identity_of(status);
  place_ = {.device = now.device, .inode = now.inode, .checksum = crc32c("")};
  descriptor_ = std::move(descriptor);
  buffer_.clear();
  start_ = searched_ = 0;
  is_too_long_ = is_in_line_ = false;
}

void GrowingFile::go_on(Descriptor descriptor) {
  char before = '\n';
  if (place_.offset > 0 && ::pread(descriptor.get(), &before, 1, place_.offset - 1) != 1) before = '\n';
  is_in_line_ = before != '\n';
  ::lseek(descriptor.get(), place_.offset, SEEK_SET);
  descriptor_ = std::move(descriptor);
}

Result<bool> GrowingFile::open_renamed() {
  std::error_code code;
  const Path folder = path_.has_parent_path() ? path_.parent_path() : Path(".");
  for (const auto& entry : std::filesystem::directory_iterator(folder, code)) {
    const std::string name = entry.path().filename().string();
    const auto found = identity_of(entry.path());
    const bool is_it = name.starts_with(path_.filename().string()) && found && found->device == place_.device &&
                       found->inode == place_.inode && found->bytes >= place_.offset;
    if (!is_it) continue;
    Descriptor old(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC));
    if (!old) return fail_errno(entry.path().string(), "cannot open the log that was renamed");
    if (!has_same_beginning(old.get())) continue;
    notes_.push_back(fmt::format("{}: is now {}; its rest is read first", path_.string(), name));
    go_on(std::move(old));
    return true;
  }
  return false;
}

Result<void> GrowingFile::open() {
  Descriptor opened(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened && errno != ENOENT) return fail_errno(path_.string(), "cannot open the log");
  struct stat status{};
  if (opened && ::fstat(opened.get(), &status) == 0 && !S_ISREG(status.st_mode))
    return fail(ErrorKind::InvalidInput,
                {.where = path_.string(),
                 .what = "a log is a file, so that it can be read again from where it was left",
                 .got = S_ISDIR(status.st_mode) ? "a folder" : "a pipe or device"});
  const bool is_new = place_.inode == 0;
  const bool is_same = opened && !is_new && identity_of(status) == Identity{place_.device, place_.inode};
  if (is_same && status.st_size >= place_.offset && has_same_beginning(opened.get())) {
    go_on(std::move(opened));
    return {};
  }
  if (!is_new) {
    PEGBOX_TRY(const bool is_renamed, is_same ? Result<bool>(false) : open_renamed());
    if (is_renamed) return {};
    if (opened)
      notes_.push_back(
          fmt::format("{}: {} since line {} was read; what came between is lost, and it is read from its start",
                      path_.string(), is_same ? "was emptied" : "was replaced", place_.line));
  }
  if (opened) begin(std::move(opened));
  return {};
}

Result<void> GrowingFile::look_for_shrinking() {
  struct stat status{};
  if (::fstat(descriptor_.get(), &status) != 0) return fail_errno(path_.string(), "cannot look at the log");
  if (status.st_size >= ::lseek(descriptor_.get(), 0, SEEK_CUR) && has_same_beginning(descriptor_.get())) return {};
  notes_.push_back(
      fmt::format("{}: was emptied after line {}; it is read from its start", path_.string(), place_.line));
  begin(std::exchange(descriptor_, {}));
  return {};
}

Result<bool> GrowingFile::look_for_renaming() {
  const auto present = identity_of(path_);
  if (!present || *present == Identity{place_.device, place_.inode}) return false;
  if (start_ < buffer_.size()) {  // nobody writes the renamed file's last line on
    buffer_ += '\n';
    return true;
  }
  Descriptor next(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!next) return false;
  notes_.push_back(
      fmt::format("{}: was renamed after line {}; the new file is read from its start", path_.string(), place_.line));
  begin(std::move(next));
  return true;
}

Result<bool> GrowingFile::read_more() {
  buffer_.erase(0, start_);
  searched_ -= start_;
  start_ = 0;
  const std::size_t held = buffer_.size();
  buffer_.resize(held + kGrownReadBytes);
  ssize_t count = -1;
  do count = ::read(descriptor_.get(), buffer_.data() + held, kGrownReadBytes);
  while (count < 0 && errno == EINTR);
  buffer_.resize(held + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  if (count < 0) return fail_errno(path_.string(), "cannot read the log");
  return count > 0;
}

void GrowingFile::give(std::size_t bytes) {
  place_.offset += static_cast<std::int64_t>(bytes);
  if (place_.checked_bytes < kMostCheckedBytes) {
    place_.checked_bytes = std::min(place_.offset, kMostCheckedBytes);
    place_.checksum = checksum_of_start(descriptor_.get(), place_.checked_bytes);
  }
  if (!std::exchange(is_in_line_, false)) ++place_.line;
  start_ += bytes;
  searched_ = start_;
}

Result<std::optional<std::string_view>> GrowingFile::next() {
  if (!descriptor_) PEGBOX_CHECK(open());
  if (!descriptor_) return std::optional<std::string_view>();
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched_);
    if (end != std::string::npos) {
      const std::size_t begin = start_, length = end - begin;
      const bool is_end_of_taken = is_in_line_ && length == 0;
      give(length + 1);
      if (is_end_of_taken) continue;
      return std::string_view(buffer_).substr(begin, std::exchange(is_too_long_, false) ? 0 : length);
    }
    searched_ = buffer_.size();
    if (buffer_.size() - start_ > kMostLineBytes) {
      place_.offset += std::ssize(buffer_) - static_cast<std::ptrdiff_t>(start_);
      start_ = searched_ = buffer_.size();
      is_too_long_ = true;
    }
    PEGBOX_CHECK(look_for_shrinking());
    PEGBOX_TRY(bool has_more, read_more());
    if (!has_more) {
      PEGBOX_TRY(has_more, look_for_renaming());
    }
    if (!has_more) return std::optional<std::string_view>();
  }
}

void GrowingFile::take_unfinished() {
  give(buffer_.size() - start_);
  is_in_line_ = true;
}

}  // namespace pegbox
