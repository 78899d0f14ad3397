// Data files: which files a path names, and how each holds its rows. Internal to the loading of data sets.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "text/dataset.h"

namespace pegbox::text {

/// How a file holds its rows.
enum class RowFormat : std::uint8_t {
  Json,    ///< an object on each line, or one list of objects
  Commas,  ///< records with a header
  Tabs,
};

/// By its extension, in small letters or capitals; nothing if the file is one document.
std::optional<RowFormat> row_format(const Path& path);

struct NamedFiles {
  std::vector<Path> files;
  bool is_folder = false;  ///< the path was that of a folder
  bool has_rows = false;   ///< each of the files holds rows; of others, each text file is a document
};

/// The file, or those below the folder, in the order of their names (as load_dataset says). NotFound; Io.
Result<NamedFiles> files_of(const Path& path, const DatasetOptions& options);

/// `text` without a byte order mark.
std::string_view without_byte_order_mark(std::string_view text);

/// Is given the rows of a file, in order, with their lines; an error ends the reading.
using RowVisitor = std::function<Result<void>(const Json& row, std::int32_t line)>;

/// The items of one list of objects; the records of delimited text, each as an object. InvalidInput as load_dataset.
Result<void> visit_list(std::string_view bytes, const std::string& name, const RowVisitor& visit);
/// `fault`: told of each record that is none, which is then left out; without it the first such record ends the
/// reading.
using RecordFault = std::function<void(const Error& error, std::int32_t line)>;
Result<void> visit_records(std::string_view bytes, char separator, const std::string& name, const RowVisitor& visit,
                           const RecordFault& fault = {});

}  // namespace pegbox::text
