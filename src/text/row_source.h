// RowSource: the rows of data files one after another, as they stand in the files. JSON lines are read a line at a
// time, other files one file at a time: memory does not grow with the number of lines.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/file_line_reader.h"
#include "text/data_files.h"

namespace pegbox::text {

/// A row that nobody has looked at yet.
struct RawRow {
  std::int32_t file = 0;  ///< index into RowSource::files
  std::int32_t line = 0;  ///< from 1; 0 if the row is the whole file
  std::string bytes;      ///< a JSON object, whatever the file's format; of a document its bytes
  bool is_document = false;
  std::string fault{};  ///< not empty: why it is no row, or the file could not be read; `bytes` are then empty
};

class RowSource {
 public:
  /// Finds the files; NotFound, Io as load_dataset. Their order is that of the paths, of a folder that of the names.
  /// InvalidInput for pipes and devices: what is read twice must be the same. `interrupted`, if given, ends `next` with
  /// Interrupted when it becomes true.
  static Result<RowSource> open(std::span<const Path> paths, const DatasetOptions& options = {},
                                const std::atomic<bool>* interrupted = nullptr);

  /// The next row; nothing after the last. Blank lines are left out. A file that is no list or table as its name says
  /// is one row with a fault, and so is each record of a table that is none; files of a folder of documents that are no
  /// text, or empty, are left out. Io.
  Result<std::optional<RawRow>> next();

  const std::vector<std::string>& files() const { return files_; }

 private:
  enum class FileKind : std::uint8_t { Rows, Document, FolderDocument };

  Result<void> start_file();
  Result<void> read_whole_file(const std::string& name, std::optional<RowFormat> format);
  Result<bool> is_list(const Path& path) const;

  const std::atomic<bool>* interrupted_ = nullptr;
  std::vector<std::string> files_;
  std::vector<FileKind> kinds_;
  std::size_t next_file_ = 0;            ///< the first that was not begun
  std::optional<FileLineReader> lines_;  ///< of the file before it, if that holds JSON lines
  std::deque<RawRow> waiting_;           ///< rows of a file that was read whole
};

/// The second reading of data that had `rows` rows: calls `use` with the number and the bytes of each. Conflict if
/// there are not as many any more; an error of `use` ends it.
Result<void> read_again(std::span<const Path> paths, const DatasetOptions& options,
                        const std::atomic<bool>* interrupted, std::size_t rows,
                        const std::function<Result<void>(std::size_t number, const RawRow& row)>& use);

/// "chats.jsonl:4", or the file's name for line 0, which is all of it.
std::string place_of(const std::string& file, std::int32_t line);

}  // namespace pegbox::text
