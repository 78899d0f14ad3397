// RowWriter: a file beside the one that is meant, renamed at the end.
#include "text/row_writer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace pegbox::text {
namespace {

constexpr std::size_t kWriteBytes = std::size_t{1} << 20;

/// Whether `path`, which need not exist, is in `folder`, whatever links lead there.
bool is_below(const Path& path, const Path& folder) {
  std::error_code code;
  const Path inner = std::filesystem::weakly_canonical(std::filesystem::absolute(path, code), code);
  const Path outer = std::filesystem::canonical(folder, code);
  return !code && std::ranges::mismatch(outer, inner).in1 == outer.end();
}

/// An empty file, where there was none.
Result<void> create_file(const Path& path) {
  std::FILE* file = std::fopen(path.c_str(), "wbx");
  if (file == nullptr)
    return fail(
        ErrorKind::Io,
        {.where = path.string(), .what = "cannot make the file", .got = std::generic_category().message(errno)});
  std::fclose(file);
  return {};
}

}  // namespace

UnfinishedFile::~UnfinishedFile() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

Result<void> check_is_new(const Path& path) {
  std::error_code code;
  if (!std::filesystem::exists(path, code)) return {};
  return fail(ErrorKind::InvalidInput, {.where = path.string(),
                                        .what = "the file exists, and nothing is written over",
                                        .hint = "give another name, or remove the file"});
}

Result<void> check_output(const Path& path, std::span<const Path> inputs) {
  PEGBOX_CHECK(check_is_new(path));
  for (const Path& input : inputs)
    if (std::error_code code; std::filesystem::is_directory(input, code) && is_below(path, input))
      return fail(ErrorKind::InvalidInput, {.where = path.string(),
                                            .what = "the output would be among the data that are read",
                                            .got = fmt::format("data in {}", input.string()),
                                            .hint = "give an --output outside of the folder"});
  return {};
}

Result<RowWriter> RowWriter::create(const Path& path) {
  PEGBOX_CHECK(check_is_new(path));
  const Path beside = path.parent_path() / fmt::format(".{}.{}.new", path.filename().string(), ::getpid());
  PEGBOX_CHECK(create_file(beside));
  UnfinishedFile unfinished(beside);
  PEGBOX_TRY(AppendFile file, AppendFile::open(beside));
  return RowWriter(std::move(file), std::move(unfinished), path);
}

Result<void> RowWriter::add(const RawRow& row) {
  buffer_ += row.is_document ? to_line(Json{{"text", row.bytes}}) : row.bytes;
  buffer_ += '\n';
  ++rows_;
  return buffer_.size() < kWriteBytes ? Result<void>() : flush();
}

Result<void> RowWriter::flush() {
  hash_.add(buffer_);
  PEGBOX_CHECK(file_.append(buffer_));
  buffer_.clear();
  return {};
}

Result<std::string> RowWriter::finish() {
  PEGBOX_CHECK(flush());
  PEGBOX_CHECK(file_.sync());
  PEGBOX_CHECK(rename_to_new(unfinished_.path(), path_));
  unfinished_.keep();
  return hash_.hex();
}

}  // namespace pegbox::text
