// DataFlags: see data_flags.h.
#include "app/data_flags.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/data_parts.h"
#include "app/quick_study.h"
#include "text/language.h"

namespace pegbox {

std::vector<Option> DataFlags::options() {
  return {{.names = "files",
           .target = &files,
           .value = "DATA",
           .help = "data files or folders (docs/data.md)",
           .completion = Completion::File},
          columns_option(&columns)};
}

Option new_file_option(std::string* target) {
  return {.names = "--output",
          .target = target,
          .value = "FILE",
          .help = "the new file; none of that name may exist",
          .completion = Completion::File,
          .required = true};
}

Result<text::DataPart> DataFlags::part(const std::string& name) const {
  if (!files.empty()) return text::DataPart{name, std::vector<Path>(files.begin(), files.end())};
  return fail(ErrorKind::InvalidInput,
              {.where = "command line", .what = "no data are named", .expected = "a data file or folder"});
}

Result<text::DatasetOptions> DataFlags::dataset_options() const {
  PEGBOX_TRY(const Json fields, fields_of_flags(columns, "--columns"));
  PEGBOX_TRY(const DataParts named, data_parts_of(Json{{"train", "data"}, {"columns", fields}}, "--columns"));
  return named.options;
}

Path report_beside(const Path& output) {
  return output.parent_path() / fmt::format(".{}.report.json", output.filename().string());
}

Result<ExitCode> leave_report(Session& session, Json report, const Path& path,
                              std::string (*text_of)(const Json& report, const Paint& paint)) {
  report["report"] = path.string();
  PEGBOX_CHECK(replace_file(path, report.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"));
  if (session.wants_json())
    session.print_json(report);
  else
    session.console().print(text_of(report, session.console().out_paint()));
  return ExitCode::Done;
}

Option language_option(std::string* target) {
  return {.names = "--language",
          .target = target,
          .value = "CODE",
          .help = "the language that rows should be in, such as en [that of most]"};
}

Result<std::string> language_of_flag(const std::string& name, const text::ByCheck<bool>& checks) {
  if (name.empty()) return std::string();
  if (checks[static_cast<std::size_t>(text::CheckKind::Language)]) return text::language_code(name, "--language");
  return fail(ErrorKind::InvalidInput, {.where = "--language",
                                        .what = "no row would be asked for its language",
                                        .hint = "name language among the --checks too"});
}

Result<text::ByCheck<bool>> checks_of_flag(const std::string& list, const std::string& flag) {
  const std::vector<std::string> names = split_names(list);
  if (!names.empty()) return text::checks_of(names, flag);
  return fail(ErrorKind::InvalidInput,
              {.where = flag, .what = "no check is named", .got = list, .expected = "names, such as leakage,empty"});
}

std::vector<std::string> split_names(const std::string& list) {
  std::vector<std::string> names;
  for (std::size_t start = 0; start < list.size();) {
    const std::size_t end = std::min(list.find(',', start), list.size());
    if (end > start) names.push_back(list.substr(start, end - start));
    start = end + 1;
  }
  return names;
}

}  // namespace pegbox
