// DataFlags: what a command that works on data is told: files, and what they call our fields.
#pragma once

#include <string>
#include <vector>

#include "app/option.h"
#include "app/session.h"
#include "base/file.h"
#include "base/json.h"
#include "base/result.h"
#include "text/data_check.h"

namespace pegbox {

struct DataFlags {
  std::vector<std::string> files, columns;

  std::vector<Option> options();

  /// The files as one part of that name; InvalidInput without any.
  Result<text::DataPart> part(const std::string& name) const;
  Result<text::DatasetOptions> dataset_options() const;
};

/// --output FILE, of a command that writes data.
Option new_file_option(std::string* target);

/// Where the report on a new data file lies: beside it, hidden, so that it is no data of the folder.
Path report_beside(const Path& output);

/// Writes a command's report, with the place where it lies under `report`, and shows it: as JSON, or as `text_of` it.
Result<ExitCode> leave_report(Session& session, Json report, const Path& path,
                              std::string (*text_of)(const Json& report, const Paint& paint));

/// --language CODE, of the check `language`.
Option language_option(std::string* target);
/// The code that --language names; empty if it is not given. InvalidInput for others, and where the check is left out.
Result<std::string> language_of_flag(const std::string& name, const text::ByCheck<bool>& checks);

/// "leakage,duplicates" as checks; InvalidInput for unknown names, and if there are none.
Result<text::ByCheck<bool>> checks_of_flag(const std::string& list, const std::string& flag);

/// "leakage,duplicates" as names.
std::vector<std::string> split_names(const std::string& list);

}  // namespace pegbox
