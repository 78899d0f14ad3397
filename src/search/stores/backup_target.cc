// BackupTarget: what a backup may replace.
#include "search/stores/backup_target.h"

#include <fstream>
#include <string>
#include <system_error>

#include "search/stores/sqlite_schema.h"
#include "search/stores/study_lock.h"

namespace pegbox {
namespace {

namespace filesystem = std::filesystem;

constexpr const char* kCompanions[] = {"-wal", "-shm", "-journal"};

tl::unexpected<Error> refuse(const Path& target, const char* what) {
  return fail(ErrorKind::InvalidInput,
              {.where = target, .what = what, .hint = "nothing was written; name another file"});
}

// Read from the file's head, not through SQLite, which would change what lies beside the file.
bool is_store(const Path& file) {
  constexpr std::size_t kApplicationIdAt = 68, kHead_bytes = 72;  // https://www.sqlite.org/fileformat.html
  const std::string magic("SQLite format 3\0", 16);
  std::string head(kHead_bytes, '\0');
  std::ifstream stream(file, std::ios::binary);
  if (!stream.read(head.data(), kHead_bytes) || !head.starts_with(magic)) return false;
  std::int64_t application = 0;
  for (std::size_t at = kApplicationIdAt; at < kHead_bytes; ++at)
    application = application * 256 + static_cast<unsigned char>(head[at]);
  return application == kStoreApplicationId;
}

Result<void> check_unused(const Path& target) {
  const std::string begin = target.filename().string() + ".";
  const Path folder = target.has_parent_path() ? target.parent_path() : Path(".");
  std::error_code code;
  for (filesystem::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code)) {
    const std::string name = entry->path().filename();
    if (!name.starts_with(begin) || !name.ends_with(".lock")) continue;
    PEGBOX_TRY(const bool runs, is_locked(entry->path()));
    if (runs)
      return fail(ErrorKind::Conflict,
                  {.where = target, .what = "a process runs a study in this store", .hint = "name another file"});
  }
  return {};
}

}  // namespace

Result<void> check_backup_target(const Path& store, const Path& target) {
  std::error_code code;
  if (filesystem::equivalent(store, target, code)) return refuse(target, "the backup would replace the store itself");
  for (const char* companion : kCompanions)
    if (filesystem::weakly_canonical(target, code) ==
        Path(filesystem::weakly_canonical(store, code).string() + companion))
      return refuse(target, "the backup would replace a part of the store itself");
  const auto status = filesystem::symlink_status(target, code);
  if (status.type() == filesystem::file_type::not_found) return {};
  if (code) return fail(ErrorKind::Io, {.where = target, .what = "cannot look at it", .got = code.message()});
  if (filesystem::is_symlink(status)) return refuse(target, "a symbolic link is not replaced");
  if (!filesystem::is_regular_file(status)) return refuse(target, "this is not a file");
  if (filesystem::file_size(target, code) == 0 && !code) return {};
  if (!is_store(target)) return refuse(target, "the file exists and is not a pegbox store");
  return check_unused(target);
}

Result<void> move_to_backup_target(const Path& copy, const Path& target) {
  std::error_code code;
  for (const char* companion : kCompanions) PEGBOX_CHECK(remove_tree(target.string() + companion));
  filesystem::rename(copy, target, code);
  if (code) return fail(ErrorKind::Io, {.where = target, .what = "cannot name the backup", .got = code.message()});
  return {};
}

}  // namespace pegbox
