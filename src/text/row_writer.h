// RowWriter: a new file of JSON lines, which is there only when it is whole.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/result.h"
#include "base/sha256.h"
#include "text/row_source.h"

namespace pegbox::text {

/// InvalidInput if `path` exists: nothing is written over.
Result<void> check_is_new(const Path& path);
/// As check_is_new, and InvalidInput if `path` is below a folder of `inputs`: the next reader would take it for data.
Result<void> check_output(const Path& path, std::span<const Path> inputs);

/// A file that is removed with its owner, unless it was kept.
class UnfinishedFile {
 public:
  explicit UnfinishedFile(Path path) : path_(std::move(path)) {}
  UnfinishedFile(UnfinishedFile&& other) noexcept : path_(std::exchange(other.path_, Path())) {}
  ~UnfinishedFile();
  const Path& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  Path path_;
};

class RowWriter {
 public:
  /// As check_is_new; Io. The bytes go to a new hidden file beside it (".NAME.PID.new"), which is removed if they
  /// are not finished.
  static Result<RowWriter> create(const Path& path);

  /// A row as it stands, a document as {"text": ...}.
  Result<void> add(const RawRow& row);
  std::int64_t rows() const { return rows_; }

  /// Makes the file durable and gives it its name; returns the SHA-256 of its bytes.
  Result<std::string> finish();

 private:
  RowWriter(AppendFile file, UnfinishedFile unfinished, Path path)
      : file_(std::move(file)), unfinished_(std::move(unfinished)), path_(std::move(path)) {}
  Result<void> flush();

  AppendFile file_;
  UnfinishedFile unfinished_;
  Path path_;
  std::string buffer_;
  Sha256 hash_;
  std::int64_t rows_ = 0;
};

}  // namespace pegbox::text
