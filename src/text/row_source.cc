// RowSource: one file after another.
#include "text/row_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/dataset_reader.h"
#include "text/utf8.h"

namespace pegbox::text {

Result<RowSource> RowSource::open(std::span<const Path> paths, const DatasetOptions& options,
                                  const std::atomic<bool>* interrupted) {
  RowSource source;
  source.interrupted_ = interrupted;
  for (const Path& path : paths) {
    PEGBOX_TRY(const NamedFiles named, files_of(path, options));
    for (const Path& file : named.files) {
      if (std::error_code code; !std::filesystem::is_regular_file(file, code))
        return fail(ErrorKind::InvalidInput, {.where = file.string(),
                                              .what = "this is a pipe or a device",
                                              .expected = "a file or folder: data are read more than once",
                                              .hint = "write the data to a file first"});
      source.files_.push_back(file.string());
      source.kinds_.push_back(named.has_rows    ? FileKind::Rows
                              : named.is_folder ? FileKind::FolderDocument
                                                : FileKind::Document);
    }
  }
  return source;
}

Result<std::optional<RawRow>> RowSource::next() {
  if (interrupted_ != nullptr && *interrupted_)
    return fail(ErrorKind::Interrupted, {.where = "pegbox", .what = "interrupted; nothing was written"});
  for (;;) {
    if (!waiting_.empty()) {
      RawRow row = std::move(waiting_.front());
      waiting_.pop_front();
      return row;
    }
    if (lines_) {
      PEGBOX_TRY(const auto line, lines_->next());
      if (!line) {
        lines_.reset();
        continue;
      }
      const std::string_view row = lines_->line() == 1 ? without_byte_order_mark(*line) : *line;
      if (is_blank(row)) continue;
      return RawRow{static_cast<std::int32_t>(next_file_ - 1), static_cast<std::int32_t>(lines_->line()),
                    std::string(row)};
    }
    if (next_file_ == files_.size()) return std::optional<RawRow>();
    PEGBOX_CHECK(start_file());
  }
}

Result<void> RowSource::start_file() {
  const std::size_t file = next_file_++;
  const std::string& name = files_[file];
  if (kinds_[file] != FileKind::Rows) return read_whole_file(name, std::nullopt);
  const auto format = row_format(name);
  if (format == RowFormat::Json) {
    PEGBOX_TRY(const bool is_one_list, is_list(name));
    if (!is_one_list) {
      PEGBOX_TRY(lines_, FileLineReader::open(name));
      return {};
    }
  }
  return read_whole_file(name, format);
}

Result<bool> RowSource::is_list(const Path& path) const {
  PEGBOX_TRY(FileLineReader reader, FileLineReader::open(path));
  for (;;) {
    PEGBOX_TRY(const auto line, reader.next());
    if (!line) return false;
    const std::string_view text = without_byte_order_mark(*line);
    if (!is_blank(text)) return text[text.find_first_not_of(" \t\r\f\v")] == '[';
  }
}

Result<void> RowSource::read_whole_file(const std::string& name, std::optional<RowFormat> format) {
  const auto file = static_cast<std::int32_t>(next_file_ - 1);
  PEGBOX_TRY(std::string bytes, read_file(name));
  bytes.erase(0, bytes.size() - without_byte_order_mark(bytes).size());
  const bool is_text = inspect(bytes).content == Content::Text;
  if (!format || !is_text) {
    if (is_text || kinds_[static_cast<std::size_t>(file)] != FileKind::FolderDocument)
      waiting_.push_back({file, 0, std::move(bytes), /*is_document=*/true});
    return {};
  }
  const auto take = [&](const Json& row, std::int32_t line) -> Result<void> {
    waiting_.push_back({file, line, to_line(row)});
    return {};
  };
  const auto fault = [&](const Error& error, std::int32_t line) {
    waiting_.push_back({.file = file, .line = line, .bytes = {}, .fault = error.message});
  };
  const auto read = format == RowFormat::Json
                        ? visit_list(bytes, name, take)
                        : visit_records(bytes, format == RowFormat::Commas ? ',' : '\t', name, take, fault);
  if (!read) waiting_.push_back({.file = file, .fault = read.error().message});
  return {};
}

Result<void> read_again(std::span<const Path> paths, const DatasetOptions& options,
                        const std::atomic<bool>* interrupted, std::size_t rows,
                        const std::function<Result<void>(std::size_t number, const RawRow& row)>& use) {
  PEGBOX_TRY(RowSource source, RowSource::open(paths, options, interrupted));
  std::size_t number = 0;
  for (;; ++number) {
    PEGBOX_TRY(const auto row, source.next());
    if (!row || number == rows) break;
    PEGBOX_CHECK(use(number, *row));
  }
  if (number == rows) return {};
  return fail(ErrorKind::Conflict, {.where = paths[0].string(), .what = "the data changed while they were read"});
}

std::string place_of(const std::string& file, std::int32_t line) {
  return line > 0 ? fmt::format("{}:{}", file, line) : file;
}

}  // namespace pegbox::text
