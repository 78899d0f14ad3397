// Data sets from files and folders.
#include "text/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "text/dataset_reader.h"

namespace pegbox::text {
namespace {

namespace fs = std::filesystem;

bool is_jsonl(const Path& path) {
  static constexpr std::array<std::string_view, 3> kExtensions = {".jsonl", ".ndjson", ".json"};
  return std::find(kExtensions.begin(), kExtensions.end(), path.extension().string()) != kExtensions.end();
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
  return is_jsonl(path) ? reader.add_jsonl(path.string(), bytes) : reader.add_document(path.string(), std::move(bytes));
}

Result<void> add_folder(DatasetReader& reader, const Path& folder, const DatasetOptions& options) {
  PEGBOX_TRY(const std::vector<Path> files, list_folder(folder, options));
  if (!files.empty() && std::all_of(files.begin(), files.end(), is_jsonl)) {
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
