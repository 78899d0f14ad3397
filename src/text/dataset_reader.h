// DatasetReader: builds a Dataset from the bytes of one file after another. Internal to the loading of data sets.
#pragma once

#include <string>
#include <string_view>

#include "text/data_files.h"
#include "text/dataset.h"

namespace pegbox::text {

/// What a file's bytes are.
enum class Content : std::uint8_t { Text, Empty, Binary, NotUtf8 };

struct ContentFault {
  Content content = Content::Text;
  std::size_t offset = 0;  ///< of the first bad byte
};

ContentFault inspect(std::string_view bytes);

class DatasetReader {
 public:
  explicit DatasetReader(const DatasetOptions& options) : options_(options) {}

  /// The whole of `bytes` as one document. InvalidInput if they are not text, or empty.
  Result<void> add_document(const std::string& name, std::string bytes);

  /// Each object or record of `bytes` as one row. InvalidInput with the line for the first that is not one.
  Result<void> add_rows(const std::string& name, std::string_view bytes, RowFormat format);

  void count_skipped(Content content);
  bool empty() const { return dataset_.rows.empty(); }
  const Dataset& dataset() const { return dataset_; }
  Dataset take() && { return std::move(dataset_); }

 private:
  Result<void> add_lines(std::int32_t file, std::string_view bytes);
  Result<void> add_list(std::int32_t file, std::string_view bytes);
  Result<void> add_records(std::int32_t file, std::string_view bytes, char separator);
  Result<void> add_row(const Json& json, std::int32_t file, std::int32_t line);
  Result<void> add_row(Row row, RowShape shape, const std::string& where);
  std::int32_t add_file(const std::string& name);
  const std::string& file_name(std::int32_t file) const { return dataset_.files[static_cast<std::size_t>(file)]; }

  const DatasetOptions& options_;
  Dataset dataset_;
  std::string first_place_;  ///< of the first row, for the message about mixed shapes
};

}  // namespace pegbox::text
