// StudyLock: the file whose lock says that a process runs a study, and a look at it that disturbs nobody.
#include "search/stores/study_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cctype>
#include <cerrno>

#include "base/descriptor.h"
#include "search/stores/checksum.h"

namespace pegbox {

Path lock_file_of(const Path& store, const std::string& study) {
  constexpr std::size_t kLongestName = 120;  // with the store's name and an ending below the usual 255 bytes
  std::string name;
  for (const char byte : study) {
    const bool plain = std::isalnum(static_cast<unsigned char>(byte)) || byte == '-' || byte == '_' || byte == '.';
    name += plain ? std::string(1, byte) : fmt::format("%{:02X}", static_cast<unsigned char>(byte));
  }
  if (name.size() > kLongestName) name = fmt::format("{}%{:08x}", name.substr(0, kLongestName), crc32c(study));
  return Path(fmt::format("{}.{}.lock", store.string(), name));
}

Result<bool> is_locked(const Path& file) {
  int opened = -1;
  do opened = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  while (opened < 0 && errno == EINTR);
  const Descriptor descriptor(opened);
  if (!descriptor && (errno == ENOENT || errno == ENOTDIR)) return false;
  if (!descriptor) return fail_errno(file.string(), "cannot look at the lock");
  int locked = -1;
  do locked = ::flock(descriptor.get(), LOCK_SH | LOCK_NB);
  while (locked != 0 && errno == EINTR);
  if (locked != 0 && errno == EWOULDBLOCK) return true;
  if (locked != 0) return fail_errno(file.string(), "cannot look at the lock");
  return false;  // closing gives it back
}

}  // namespace pegbox
