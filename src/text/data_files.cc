// Data files: folders listed, and the formats that are not one row a line.
#include "text/data_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "text/delimited.h"
#include "text/white_space.h"

namespace pegbox::text {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

constexpr std::array<std::pair<std::string_view, RowFormat>, 5> kRowFiles = {{{".jsonl", RowFormat::Json},
                                                                              {".ndjson", RowFormat::Json},
                                                                              {".json", RowFormat::Json},
                                                                              {".csv", RowFormat::Commas},
                                                                              {".tsv", RowFormat::Tabs}}};

bool is_wanted(const Path& path, const DatasetOptions& options) {
  return options.extensions.empty() || std::find(options.extensions.begin(), options.extensions.end(),
                                                 path.extension().string()) != options.extensions.end();
}

bool is_hidden(const Path& path) { return path.filename().string().starts_with('.'); }

tl::unexpected<Error> fail_system(const Path& path, std::string what, const std::error_code& code) {
  return fail(ErrorKind::Io, {.where = path.string(), .what = std::move(what), .got = code.message()});
}

Result<void> check_header(const std::vector<std::string>& header, const std::string& where) {
  for (auto field = header.begin(); field != header.end(); ++field)
    if (!field->empty() && std::find(header.begin(), field, *field) != field)
      return fail(ErrorKind::InvalidInput, {.where = where, .what = "the header names a column twice", .got = *field});
  return {};
}

/// The files below `folder` that are wanted, in the order of their names.
Result<std::vector<Path>> list_folder(const Path& folder, const DatasetOptions& options) {
  std::vector<Path> files;
  std::error_code code;
  fs::recursive_directory_iterator entry(folder, code);
  for (; !code && entry != fs::recursive_directory_iterator(); entry.increment(code)) {
    const Path& path = entry->path();
    std::error_code gone;  // a dangling link is no file
    if (is_hidden(path)) {
      if (entry->is_directory(gone)) entry.disable_recursion_pending();
      continue;
    }
    if (entry->is_regular_file(gone) && is_wanted(path, options)) files.push_back(path);
  }
  if (code) return fail_system(folder, "cannot list the folder", code);
  std::sort(files.begin(), files.end(),
            [](const Path& a, const Path& b) { return a.generic_string() < b.generic_string(); });
  return files;
}

}  // namespace

std::optional<RowFormat> row_format(const Path& path) {
  const std::string own = lower_case(path.extension().string());
  for (const auto& [extension, format] : kRowFiles)
    if (own == extension) return format;
  return std::nullopt;
}

Result<NamedFiles> files_of(const Path& path, const DatasetOptions& options) {
  std::error_code code;
  const fs::file_status status = fs::status(path, code);
  if (status.type() == fs::file_type::not_found)
    return fail(ErrorKind::NotFound, {.where = path.string(), .what = "there is no such data file or folder"});
  if (code) return fail_system(path, "cannot look at the data", code);
  if (!fs::is_directory(status)) return NamedFiles{{path}, false, row_format(path).has_value()};
  PEGBOX_TRY(std::vector<Path> files, list_folder(path, options));
  const bool has_rows = !files.empty() && std::all_of(files.begin(), files.end(), row_format);
  return NamedFiles{std::move(files), true, has_rows};
}

std::string_view without_byte_order_mark(std::string_view text) {
  return text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text;
}

Result<void> visit_list(std::string_view bytes, const std::string& name, const RowVisitor& visit) {
  std::map<std::string, int> lines;
  PEGBOX_TRY(const Json list, parse_json(bytes, name, lines));
  if (list.empty())
    return fail(ErrorKind::InvalidInput,
                {.where = name, .what = "the list has no rows", .expected = "a list of objects"});
  for (std::size_t i = 0; i < list.size(); ++i) PEGBOX_CHECK(visit(list[i], lines[fmt::format("/{}", i)]));
  return {};
}

Result<void> visit_records(std::string_view bytes, char separator, const std::string& name, const RowVisitor& visit,
                           const RecordFault& fault) {
  std::vector<std::string> header;
  bool has_records = false;
  const auto take = [&](Result<Record> record, std::int32_t line) -> Result<void> {
    if (header.empty()) {
      PEGBOX_TRY(Record first, std::move(record));
      header = std::move(first.fields);
      return check_header(header, fmt::format("{}:{}", name, line));
    }
    has_records = true;
    if (!record && fault) {
      fault(record.error(), line);
      return {};
    }
    PEGBOX_TRY(const Record read, std::move(record));
    Json row = Json::object();
    for (std::size_t column = 0; column < header.size(); ++column)
      if (!header[column].empty()) row[header[column]] = read.fields[column];
    return visit(row, line);
  };
  PEGBOX_CHECK(visit_delimited(bytes, separator, name, take));
  if (has_records) return {};
  return fail(ErrorKind::InvalidInput, {.where = name,
                                        .what = "the file has a header and no records",
                                        .got = fmt::format("{}", fmt::join(header, ", "))});
}

}  // namespace pegbox::text
