// File: reading, atomic replacement, durable appending, locks and folders. All disk access of pegbox but the
// database's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pegbox {

using Path = std::filesystem::path;

Result<std::string> read_file(const Path& path);

/// Writes a new file beside `path`, makes it durable (fdatasync of the file, fsync of the folder) and renames it into
/// place: a reader sees the old bytes or the new ones, never a part.
Result<void> replace_file(const Path& path, std::string_view bytes);
Result<void> replace_file(const Path& path, std::span<const std::string_view> pieces);  ///< one after another

/// Gives the file `from` the name `to`, on the same file system; InvalidInput if there is a file of that name already,
/// however short a time ago it was made.
Result<void> rename_to_new(const Path& from, const Path& to);

Result<void> make_folder(const Path& path);  ///< with parents; no error if it exists
Result<void> remove_tree(const Path& path);  ///< no error if it does not exist
std::uint64_t tree_bytes(const Path& path);  ///< sum of file sizes below it; 0 if it does not exist
std::uint64_t free_bytes(const Path& path);  ///< on the file system that holds it; 0 if unknown
Path executable_folder();                    ///< of the running program

/// An append-only file whose `sync` returns when the bytes are on the disk.
class AppendFile {
 public:
  static Result<AppendFile> open(const Path& path);
  AppendFile(AppendFile&&) noexcept;
  AppendFile& operator=(AppendFile&&) noexcept;
  ~AppendFile();

  Result<void> append(std::string_view bytes);  ///< a write that did not fit is cut off again
  Result<void> sync();                          ///< fdatasync

 private:
  AppendFile(int descriptor, Path path);
  int descriptor_ = -1;
  Path path_;
};

/// An exclusive lock on a file between processes (flock), held until destroyed or the process dies.
class FileLock {
 public:
  /// Conflict, with the holder's process id, if another process holds it.
  static Result<FileLock> acquire(const Path& path);
  FileLock(FileLock&&) noexcept;
  FileLock& operator=(FileLock&&) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

/// A new folder under the system's temporary folder, removed with all in it when destroyed.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> create(std::string_view prefix);
  TemporaryFolder(TemporaryFolder&&) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&&) noexcept;
  ~TemporaryFolder();
  const Path& path() const { return path_; }

 private:
  explicit TemporaryFolder(Path path) : path_(std::move(path)) {}
  Path path_;
};

}  // namespace pegbox
