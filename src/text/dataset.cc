// Data sets from files and folders.
#include "text/dataset.h"

#include <fmt/format.h>

#include <array>

#include "text/data_files.h"
#include "text/dataset_reader.h"

namespace pegbox::text {
namespace {

Result<void> add_file(DatasetReader& reader, const Path& path) {
  PEGBOX_TRY(std::string bytes, read_file(path));
  if (const auto format = row_format(path)) return reader.add_rows(path.string(), bytes, *format);
  return reader.add_document(path.string(), std::move(bytes));
}

Result<void> add_folder(DatasetReader& reader, const Path& folder, const NamedFiles& named,
                        const DatasetOptions& options) {
  if (named.has_rows) {
    for (const Path& path : named.files) PEGBOX_CHECK(add_file(reader, path));
    return {};
  }
  const std::size_t rows_before = reader.dataset().rows.size();
  for (const Path& path : named.files) {
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
               .got = fmt::format("{} files, {} of them binary, {} empty", named.files.size(),
                                  reader.dataset().skipped_binary_files, reader.dataset().skipped_empty_files),
               .expected = options.extensions.empty()
                               ? "text files"
                               : fmt::format("text files that end in {}", fmt::join(options.extensions, ", "))});
}

Result<void> add_path(DatasetReader& reader, const Path& path, const DatasetOptions& options) {
  PEGBOX_TRY(const NamedFiles named, files_of(path, options));
  return named.is_folder ? add_folder(reader, path, named, options) : add_file(reader, path);
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
