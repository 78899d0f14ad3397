// GrowingFile: the lines of a log that another program writes, as it grows, is renamed and begun anew, or is emptied.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "base/file.h"
#include "base/result.h"

namespace pegbox {

/// Up to where a file has been read; tells the file from another one of the same name. May be stored.
struct FilePlace {
  std::uint64_t device = 0, inode = 0;  ///< both 0: nothing was read yet
  std::int64_t offset = 0;              ///< bytes of whole lines that were given
  std::int64_t line = 0;                ///< how many lines these are, an unfinished one that was taken among them
  std::int64_t checked_bytes = 0;       ///< how many of the file's first bytes, at most 64, `checksum` is of
  std::uint32_t checksum = 0;           ///< crc32c
};

class GrowingFile {
 public:
  static constexpr std::size_t kMostLineBytes = std::size_t{16} << 20;

  /// Goes on at `from`. The file need not exist yet.
  explicit GrowingFile(Path path, FilePlace from = {});

  /// The next whole line without its end; nothing if there is none now. Valid until the next call. A file that was
  /// renamed is read to its end before the new one is begun, also if that happened while nobody read and the old one
  /// lies beside the new one under a name that begins with its name. A file that shrank, or has another beginning, is
  /// read from its start. A line longer than kMostLineBytes is given empty. Io.
  Result<std::optional<std::string_view>> next();

  /// What stands behind the last line feed; it may still be being written.
  std::string_view unfinished() const { return std::string_view(buffer_).substr(start_); }
  std::int64_t unfinished_line() const { return place_.line + (is_in_line_ ? 0 : 1); }  ///< its number, from 1
  /// Takes it for a line. What is written behind it later is of the same line, and only its end is given no more.
  void take_unfinished();

  bool exists() const { return bool(descriptor_); }  ///< whether it was there when `next` looked last
  const FilePlace& place() const { return place_; }  ///< after the line that `next` gave last
  std::vector<std::string> take_notes();             ///< what happened to the file since the last call, a line each

 private:
  /// Opens the file that `place_` is about, or the present one; nothing to open is no error.
  Result<void> open();
  Result<bool> open_renamed();  ///< the file of `place_` under another name
  bool has_same_beginning(int descriptor) const;
  void go_on(Descriptor descriptor);  ///< reads a file on from `place_`
  void begin(Descriptor descriptor);  ///< reads a file from its start
  Result<void> look_for_shrinking();
  /// At the end of what is there. True if there is more to read.
  Result<bool> look_for_renaming();
  Result<bool> read_more();
  void give(std::size_t bytes);  ///< counts the line that ends after so many bytes of the buffer's rest

  Path path_;
  FilePlace place_;
  Descriptor descriptor_;
  std::string buffer_;
  std::size_t start_ = 0;     ///< of what was not given yet, in the buffer
  std::size_t searched_ = 0;  ///< no line feed between start_ and here
  bool is_too_long_ = false;  ///< the line that begins at start_; its bytes so far were dropped
  bool is_in_line_ = false;   ///< `place_` is behind an unfinished line that was taken
  std::vector<std::string> notes_;
};

}  // namespace pegbox
