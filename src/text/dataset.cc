// Data sets from files and folders.
#include "text/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "text/dataset_reader.h"

namespace pegbox::text {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<std::string_view, RowFormat>, 5> kRowFiles = {{{".jsonl", RowFormat::Json},
                                                                              {".ndjson", RowFormat::Json},
                                                                              {".json", RowFormat::Json},
                                                                              {".csv", RowFormat::Commas},
                                                                              {".tsv", RowFormat::Tabs}}};

/// How the file holds rows; nothing if it is one document.
std::optional<RowFormat> row_format(const Path& path) {
  for (const auto& [extension, format] : kRowFiles)
    if (path.extension().string() == extension) return format;
  return std::nullopt;
}

bool is_wanted(const Path& path, const DatasetOptions& options) {
  return options.extensions.empty() || std::find(options.extensions.begin(), options.extensions.end(),
                                                 path.extension().string()) != options.extensions.end();
}

bool is_hidden(const Path& path) { return path.filename().string().starts_with('.'); }

tl::unexpected<Error> fail_system(const Path& path, std::string what, const std::error_code& code) {
  return fail(ErrorKind::Io, {.where = path.string(), .what = std::move(what), .got = code.message()});
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

Result<void> add_file(DatasetReader& reader, const Path& path) {
  PEGBOX_TRY(std::string bytes, read_file(path));
  if (const auto format = row_format(path)) return reader.add_rows(path.string(), bytes, *format);
  return reader.add_document(path.string(), std::move(bytes));
}

Result<void> add_folder(DatasetReader& reader, const Path& folder, const DatasetOptions& options) {
  PEGBOX_TRY(const std::vector<Path> files, list_folder(folder, options));
  if (!files.empty() && std::all_of(files.begin(), files.end(), row_format)) {
    for (const Path& path : files) PEGBOX_CHECK(add_file(reader, path));
    return {};
  }
  const std::size_t rows_before = reader.dataset().rows.size();
  for (const Path& path : files) {
    PEGBOX_TRY(std::string bytes, read_file(path));
    const Content content = inspect(bytes).content;
    if (content != Content::Text) {
      reader.count_skipped(content);
      continue;
    }
    PEGBOX_CHECK(reader.add_document(path.string(), std::move(bytes)));
  }
  if (reader.dataset().rows.size() > rows_before) return {};
  return fail(ErrorKind::InvalidInput,
              {.where = folder.string(),
               .what = "the folder has no text",
               .got = fmt::format("{} files, {} of them binary, {} empty", files.size(),
                                  reader.dataset().skipped_binary_files, reader.dataset().skipped_empty_files),
               .expected = options.extensions.empty()
                               ? "text files"
                               : fmt::format("text files that end in {}", fmt::join(options.extensions, ", "))});
}

Result<void> add_path(DatasetReader& reader, const Path& path, const DatasetOptions& options) {
  std::error_code code;
  const fs::file_status status = fs::status(path, code);
  if (status.type() == fs::file_type::not_found)
    return fail(ErrorKind::NotFound, {.where = path.string(), .what = "there is no such data file or folder"});
  if (code) return fail_system(path, "cannot look at the data", code);
  return fs::is_directory(status) ? add_folder(reader, path, options) : add_file(reader, path);
}

}  // namespace

std::string_view name_of(RowShape shape) {
  static constexpr std::array<std::string_view, 7> kNames = {"plain text",
                                                             "prompt and completion",
                                                             "text and label",
                                                             "instructions",
                                                             "conversations of messages",
                                                             "conversations of turns",
                                                             "prompt and completion of messages"};
  return kNames[static_cast<std::size_t>(shape)];
}

Result<Dataset> load_dataset(std::span<const Path> paths, const DatasetOptions& options) {
  if (paths.empty())
    return fail(ErrorKind::InvalidInput,
                {.where = "data", .what = "no data file is given", .expected = "at least one path"});
  DatasetReader reader(options);
  for (const Path& path : paths) PEGBOX_CHECK(add_path(reader, path, options));
  return std::move(reader).take();
}

Result<Dataset> load_dataset(const Path& path, const DatasetOptions& options) {
  return load_dataset(std::span<const Path>(&path, 1), options);
}

}  // namespace pegbox::text
