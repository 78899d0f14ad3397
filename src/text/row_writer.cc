// RowWriter: a file beside the one that is meant, renamed at the end.
#include "text/row_writer.h"

namespace pegbox::text {
namespace {

constexpr std::size_t kWriteBytes = std::size_t{1} << 20;

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
                                        .hint = "give another --output, or remove the file"});
}

Result<RowWriter> RowWriter::create(const Path& path) {
  PEGBOX_CHECK(check_is_new(path));
  std::error_code code;
  UnfinishedFile unfinished(path.string() + ".unfinished");
  std::filesystem::remove(unfinished.path(), code);  // of a run that was killed
  PEGBOX_TRY(AppendFile file, AppendFile::open(unfinished.path()));
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
  std::error_code code;
  std::filesystem::rename(unfinished_.path(), path_, code);
  if (code)
    return fail(ErrorKind::Io, {.where = path_.string(), .what = "cannot name the file", .got = code.message()});
  unfinished_.keep();
  return hash_.hex();
}

}  // namespace pegbox::text
