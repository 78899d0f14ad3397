// File: POSIX files with every return value looked at.
#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/descriptor.h"

namespace pegbox {

namespace {

namespace filesystem = std::filesystem;

int open_retrying(const Path& path, int flags) {
  int descriptor = -1;
  do descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

// False with errno set if not all bytes could be written.
bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

Path folder_of(const Path& path) {
  const Path folder = path.parent_path();
  return folder.empty() ? Path(".") : folder;
}

// Makes a new or renamed entry of the folder durable.
Result<void> sync_folder(const Path& folder) {
  const Descriptor descriptor(open_retrying(folder, O_RDONLY | O_DIRECTORY));
  if (!descriptor) return fail_errno(folder.string(), "cannot open the folder");
  if (::fsync(descriptor.get()) != 0 && errno != EINVAL)  // EINVAL: this file system has no such thing
    return fail_errno(folder.string(), "cannot make the folder durable");
  return {};
}

// A file beside another, to be renamed to it; removed if it was not.
struct NewFile {
  NewFile() = default;
  NewFile(NewFile&&) = default;
  ~NewFile() {
    if (descriptor) ::unlink(path.c_str());
  }
  Path path;
  Descriptor descriptor;
};

Result<NewFile> make_file_beside(const Path& path) {
  static std::atomic<unsigned> next = 0;
  constexpr int kAttempts = 100;  // a process of the same number may have left some behind
  NewFile file;
  for (int i = 0; i < kAttempts && !file.descriptor; ++i) {
    file.path = fmt::format("{}.{}.{}.new", path.string(), ::getpid(), next++);
    file.descriptor = Descriptor(open_retrying(file.path, O_WRONLY | O_CREAT | O_EXCL));
    if (!file.descriptor && errno != EEXIST) break;
  }
  if (!file.descriptor) return fail_errno(path.string(), "cannot write the file");
  return file;
}

std::string holder_of(int descriptor) {
  char text[32] = {};
  const ssize_t count = ::pread(descriptor, text, sizeof text - 1, 0);
  std::string holder(text, count > 0 ? static_cast<std::size_t>(count) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder.empty() ? "another process" : "process " + holder;
}

}  // namespace

Result<std::string> read_file(const Path& path) {
  const Descriptor descriptor(open_retrying(path, O_RDONLY));
  if (!descriptor && (errno == ENOENT || errno == ENOTDIR))
    return fail(ErrorKind::NotFound, {.where = path.string(), .what = "no such file"});
  if (!descriptor) return fail_errno(path.string(), "cannot open the file");
  struct stat status{};
  if (::fstat(descriptor.get(), &status) != 0) return fail_errno(path.string(), "cannot look at the file");
  if (S_ISDIR(status.st_mode))
    return fail(ErrorKind::InvalidInput, {.where = path.string(), .what = "this is a folder", .expected = "a file"});
  std::string bytes(static_cast<std::size_t>(status.st_size) + 1, '\0');  // + 1: the end shows without growing
  std::size_t size = 0;
  while (true) {
    const ssize_t count = ::read(descriptor.get(), bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(path.string(), "cannot read the file");
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
    if (size == bytes.size()) bytes.resize(size + size / 2 + 65536);
  }
  bytes.resize(size);
  return bytes;
}

Result<void> replace_file(const Path& path, std::string_view bytes) { return replace_file(path, std::span(&bytes, 1)); }

Result<void> replace_file(const Path& path, std::span<const std::string_view> pieces) {
  PEGBOX_TRY(NewFile file, make_file_beside(path));
  const int descriptor = file.descriptor.get();
  struct stat old{};
  if (::stat(path.c_str(), &old) == 0 && ::fchmod(descriptor, old.st_mode & 07777) != 0)
    return fail_errno(path.string(), "cannot give the file its mode");
  for (const std::string_view piece : pieces)
    if (!write_all(descriptor, piece)) return fail_errno(path.string(), "cannot write the file");
  if (::fdatasync(descriptor) != 0) return fail_errno(path.string(), "cannot write the file to the disk");
  if (::rename(file.path.c_str(), path.c_str()) != 0) return fail_errno(path.string(), "cannot replace the file");
  file.descriptor.close();
  return sync_folder(folder_of(path));
}

Result<void> rename_to_new(const Path& from, const Path& to) {
  int done = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
  if (done != 0 && (errno == EINVAL || errno == ENOSYS)) {  // not every file system has it: two names for a moment
    done = ::link(from.c_str(), to.c_str());
    if (done == 0) ::unlink(from.c_str());
  }
  if (done == 0) return sync_folder(folder_of(to));
  if (errno != EEXIST) return fail_errno(to.string(), "cannot name the file");
  return fail(ErrorKind::InvalidInput, {.where = to.string(),
                                        .what = "the file has come to be meanwhile, and nothing is written over",
                                        .hint = "give another name, or remove the file"});
}

Result<void> make_folder(const Path& path) {
  std::error_code code;
  filesystem::create_directories(path, code);
  if (!code && !filesystem::is_directory(path, code) && !code) code = std::make_error_code(std::errc::not_a_directory);
  if (!code) return {};
  errno = code.value();
  return fail_errno(path.string(), "cannot make the folder");
}

Result<void> remove_tree(const Path& path) {
  std::error_code code;
  filesystem::remove_all(path, code);
  if (!code) return {};
  errno = code.value();
  return fail_errno(path.string(), "cannot remove");
}

std::uint64_t tree_bytes(const Path& path) {
  std::error_code code;
  const auto size_of = [](const filesystem::directory_entry& entry) -> std::uint64_t {
    std::error_code gone;  // files may come and go meanwhile
    if (entry.is_symlink(gone) || !entry.is_regular_file(gone)) return 0;
    const auto size = entry.file_size(gone);
    return gone ? 0 : size;
  };
  std::uint64_t sum = 0;
  if (const filesystem::directory_entry top(path, code); !code) sum += size_of(top);
  filesystem::recursive_directory_iterator entry(path, filesystem::directory_options::skip_permission_denied, code),
      end;
  while (!code && entry != end) {
    sum += size_of(*entry);
    entry.increment(code);
  }
  return sum;
}

std::uint64_t free_bytes(const Path& path) {
  std::error_code code;
  const auto space = filesystem::space(path, code);
  return code ? 0 : space.available;
}

Path executable_folder() {
  std::error_code code;
  return filesystem::read_symlink("/proc/self/exe", code).parent_path();
}

AppendFile::AppendFile(int descriptor, Path path) : descriptor_(descriptor), path_(std::move(path)) {}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  AppendFile taken(std::move(other));  // what this held is closed with it
  std::swap(descriptor_, taken.descriptor_);
  std::swap(path_, taken.path_);
  return *this;
}

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<AppendFile> AppendFile::open(const Path& path) {
  AppendFile file(open_retrying(path, O_WRONLY | O_APPEND | O_CREAT), path);
  if (file.descriptor_ < 0) return fail_errno(path.string(), "cannot open the file");
  PEGBOX_CHECK(sync_folder(folder_of(path)));
  return file;
}

Result<void> AppendFile::append(std::string_view bytes) {
  struct stat before{};
  if (::fstat(descriptor_, &before) != 0) return fail_errno(path_.string(), "cannot look at the file");
  if (write_all(descriptor_, bytes)) return {};
  const auto failure = fail_errno(path_.string(), "cannot write the file");
  if (S_ISREG(before.st_mode) && ::ftruncate(descriptor_, before.st_size) != 0)
    return fail_errno(path_.string(), "cannot cut off a record that was written in part");
  return failure;
}

Result<void> AppendFile::sync() {
  if (::fdatasync(descriptor_) != 0) return fail_errno(path_.string(), "cannot write the file to the disk");
  return {};
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  FileLock taken(std::move(other));
  std::swap(descriptor_, taken.descriptor_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<FileLock> FileLock::acquire(const Path& path) {
  FileLock lock(open_retrying(path, O_RDWR | O_CREAT));
  if (lock.descriptor_ < 0) return fail_errno(path.string(), "cannot open the lock");
  int locked = -1;
  do locked = ::flock(lock.descriptor_, LOCK_EX | LOCK_NB);
  while (locked != 0 && errno == EINTR);
  if (locked != 0 && errno == EWOULDBLOCK)
    return fail(ErrorKind::Conflict, {.where = path.string(),
                                      .what = "locked by " + holder_of(lock.descriptor_),
                                      .hint = "wait for it to end, or stop it"});
  if (locked != 0) return fail_errno(path.string(), "cannot lock");
  // The number is for messages only: a full disk does not take the lock away.
  if (::ftruncate(lock.descriptor_, 0) == 0) (void)write_all(lock.descriptor_, std::to_string(::getpid()) + "\n");
  return lock;
}

Result<TemporaryFolder> TemporaryFolder::create(std::string_view prefix) {
  std::error_code code;
  const Path parent = filesystem::temp_directory_path(code);
  if (code) {
    errno = code.value();
    return fail_errno("TMPDIR", "no temporary folder");
  }
  std::string name = (parent / fmt::format("{}-XXXXXX", prefix)).string();
  if (::mkdtemp(name.data()) == nullptr) return fail_errno(name, "cannot make a temporary folder");
  return TemporaryFolder(Path(name));
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, Path())) {}

TemporaryFolder& TemporaryFolder::operator=(TemporaryFolder&& other) noexcept {
  TemporaryFolder taken(std::move(other));
  std::swap(path_, taken.path_);
  return *this;
}

TemporaryFolder::~TemporaryFolder() {
  if (!path_.empty()) (void)remove_tree(path_);
}

}  // namespace pegbox
