// Documents and JSONL lines checked and turned into rows.
#include "text/dataset_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "text/data_files.h"
#include "text/row_shapes.h"
#include "text/utf8.h"

namespace pegbox::text {
namespace {

constexpr std::string_view kSpace = " \t\r\n\f\v";

std::string line_place(const std::string& name, std::string_view bytes, std::size_t offset) {
  return fmt::format("{}:{}", name, 1 + std::count(bytes.begin(), bytes.begin() + offset, '\n'));
}

/// The error for bytes that are no text; `bytes` have a fault.
tl::unexpected<Error> fail_content(const std::string& name, std::string_view bytes, const ContentFault& fault) {
  const auto byte = [&] {
    return fmt::format("byte 0x{:02X} at offset {}", static_cast<unsigned char>(bytes[fault.offset]), fault.offset);
  };
  switch (fault.content) {
    case Content::Empty:
      return fail(ErrorKind::InvalidInput, {.where = name,
                                            .what = "the data file is empty",
                                            .got = fmt::format("{} bytes of white space", bytes.size()),
                                            .expected = "text"});
    case Content::Binary:
      return fail(ErrorKind::InvalidInput, {.where = line_place(name, bytes, fault.offset),
                                            .what = "binary data where text should be",
                                            .got = byte(),
                                            .expected = "text in UTF-8",
                                            .hint = "compressed files must be unpacked first"});
    default:
      return fail(ErrorKind::InvalidInput, {.where = line_place(name, bytes, fault.offset),
                                            .what = "the text is not UTF-8",
                                            .got = byte(),
                                            .expected = "text in UTF-8",
                                            .hint = "convert it, for example with iconv -f LATIN1 -t UTF-8"});
  }
}

/// One line's JSON; an error names the line in the file.
Result<Json> parse_line(std::string_view line, const std::string& name, std::int32_t line_number) {
  Result<Json> json = parse_json(line, name);
  if (json) return json;
  const std::string lines_before(static_cast<std::size_t>(line_number) - 1, '\n');
  return parse_json(lines_before + std::string(line), name);
}

}  // namespace

ContentFault inspect(std::string_view bytes) {
  if (is_blank(without_byte_order_mark(bytes))) return {Content::Empty, 0};
  if (const auto zero = bytes.find('\0'); zero != std::string_view::npos) return {Content::Binary, zero};
  if (const auto bad = first_invalid_utf8(bytes)) return {Content::NotUtf8, *bad};
  return {};
}

std::int32_t DatasetReader::add_file(const std::string& name) {
  dataset_.files.push_back(name);
  return static_cast<std::int32_t>(dataset_.files.size()) - 1;
}

Result<void> DatasetReader::add_row(const Json& json, std::int32_t file, std::int32_t line) {
  const std::string where = fmt::format("{}:{}", file_name(file), line);
  PEGBOX_TRY(ShapedRow shaped, read_row(json, where, options_));
  shaped.row.file = file;
  shaped.row.line = line;
  return add_row(std::move(shaped.row), shaped.shape, where);
}

Result<void> DatasetReader::add_row(Row row, RowShape shape, const std::string& where) {
  if (empty()) {
    dataset_.shape = shape;
    first_place_ = where;
  } else if (shape != dataset_.shape) {
    return fail(ErrorKind::InvalidInput,
                {.where = where,
                 .what = "rows of two shapes in one data set",
                 .got = std::string(name_of(shape)),
                 .expected = fmt::format("{}, as in {}", name_of(dataset_.shape), first_place_)});
  }
  dataset_.bytes += static_cast<std::int64_t>(row.prompt.size() + row.text.size());
  if (row.conversation) dataset_.bytes += static_cast<std::int64_t>(to_line(row.conversation->messages).size());
  dataset_.rows.push_back(std::move(row));
  return {};
}

Result<void> DatasetReader::add_document(const std::string& name, std::string bytes) {
  const ContentFault fault = inspect(bytes);
  if (fault.content != Content::Text) return fail_content(name, bytes, fault);
  if (options_.labels)
    return fail(ErrorKind::InvalidInput, {.where = name,
                                          .what = "a plain text file has no labels",
                                          .expected = fmt::format("rows with {}", fields_expected(true))});
  bytes.erase(0, bytes.size() - without_byte_order_mark(bytes).size());
  return add_row({.text = std::move(bytes), .file = add_file(name)}, RowShape::Text, name);
}

Result<void> DatasetReader::add_rows(const std::string& name, std::string_view bytes, RowFormat format) {
  const ContentFault fault = inspect(bytes);
  if (fault.content != Content::Text) return fail_content(name, bytes, fault);
  bytes = without_byte_order_mark(bytes);
  const std::int32_t file = add_file(name);
  if (format == RowFormat::Commas) return add_records(file, bytes, ',');
  if (format == RowFormat::Tabs) return add_records(file, bytes, '\t');
  return bytes[bytes.find_first_not_of(kSpace)] == '[' ? add_list(file, bytes) : add_lines(file, bytes);
}

Result<void> DatasetReader::add_lines(std::int32_t file, std::string_view bytes) {
  const std::string name = file_name(file);
  std::int32_t line_number = 0;
  for (std::size_t start = 0; start < bytes.size();) {
    const std::size_t end = std::min(bytes.find('\n', start), bytes.size());
    const std::string_view line = bytes.substr(start, end - start);
    start = end + 1;
    ++line_number;
    if (is_blank(line)) continue;
    PEGBOX_TRY(const Json json, parse_line(line, name, line_number));
    PEGBOX_CHECK(add_row(json, file, line_number));
  }
  return {};
}

Result<void> DatasetReader::add_list(std::int32_t file, std::string_view bytes) {
  return visit_list(bytes, file_name(file),
                    [&](const Json& row, std::int32_t line) { return add_row(row, file, line); });
}

Result<void> DatasetReader::add_records(std::int32_t file, std::string_view bytes, char separator) {
  return visit_records(bytes, separator, file_name(file),
                       [&](const Json& row, std::int32_t line) { return add_row(row, file, line); });
}

void DatasetReader::count_skipped(Content content) {
  if (content == Content::Empty) ++dataset_.skipped_empty_files;
  if (content == Content::Binary || content == Content::NotUtf8) ++dataset_.skipped_binary_files;
}

}  // namespace pegbox::text
