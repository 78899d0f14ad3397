// DataFields: see data_fields.h.
#include "evaluation/data_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/document.h"
#include "text/row_source.h"

namespace pegbox {

namespace {

constexpr std::string_view kNoValue = "(none)";  // of a row that lacks the field

std::string value_of(const DataRow& row, const std::string& field) {
  if (!row.fields.contains(field) || row.fields[field].is_null()) return std::string(kNoValue);
  const Json& value = row.fields[field];
  return value.is_string() ? value.get<std::string>() : to_line(value);
}

tl::unexpected<Error> no_such_field(const std::vector<DataRow>& data, const std::string& field) {
  std::vector<std::string> names;
  for (const DataRow& row : data)
    for (const auto& [name, value] : row.fields.items())
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string nearest = nearest_name(field, known);
  return fail(ErrorKind::InvalidInput, {.where = "slices",
                                        .what = "no row of the data has this field",
                                        .got = field,
                                        .hint = nearest.empty() ? "" : "did you mean " + nearest + "?"});
}

}  // namespace

std::string column_of(const EvaluationTask& task, const std::string& field) {
  return task.columns.contains(field) && task.columns[field].is_string() ? task.columns[field].get<std::string>()
                                                                         : field;
}

std::string DataRow::place() const { return fmt::format("{}:{}", file, line); }

Result<std::vector<DataRow>> read_data_rows(const EvaluationTask& task) {
  const std::vector<Path> paths(task.data.begin(), task.data.end());
  PEGBOX_TRY(text::RowSource source, text::RowSource::open(paths));
  std::vector<DataRow> rows;
  while (true) {
    PEGBOX_TRY(const auto raw, source.next());
    if (!raw) return rows;
    DataRow row{
        .file = source.files()[static_cast<std::size_t>(raw->file)], .line = raw->line, .fields = Json::object()};
    if (!raw->fault.empty()) return fail(ErrorKind::InvalidInput, {.where = row.place(), .what = raw->fault});
    if (!raw->is_document) {
      PEGBOX_TRY(row.fields, parse_foreign_json(raw->bytes, row.place()));
      if (!row.fields.is_object())
        return fail(ErrorKind::InvalidInput,
                    {.where = row.place(), .what = "this row is no object", .got = excerpt(row.fields)});
    }
    rows.push_back(std::move(row));
  }
}

Result<std::vector<Slice>> slices_of(const std::vector<DataRow>& data, const std::vector<RowResult>& results,
                                     const std::vector<std::string>& fields) {
  std::map<std::pair<std::string, std::int64_t>, const DataRow*> by_place;
  for (const DataRow& row : data) by_place[{row.file, row.line}] = &row;
  std::vector<Slice> slices;
  for (const std::string& field : fields) {
    if (std::ranges::none_of(data, [&](const DataRow& row) { return row.fields.contains(field); }))
      return no_such_field(data, field);
    for (std::size_t i = 0; i < results.size(); ++i) {
      const auto found = by_place.find({results[i].file, results[i].line});
      if (found == by_place.end())
        return fail(ErrorKind::InvalidInput, {.where = fmt::format("{}:{}", results[i].file, results[i].line),
                                              .what = "this row is not in the data any more"});
      const std::string value = value_of(*found->second, field);
      auto slice = std::ranges::find_if(
          slices, [&](const Slice& other) { return other.field == field && other.value == value; });
      if (slice == slices.end()) slice = slices.insert(slices.end(), Slice{.field = field, .value = value});
      slice->rows.push_back(static_cast<math::RowNumber>(i));
    }
  }
  return slices;
}

}  // namespace pegbox
