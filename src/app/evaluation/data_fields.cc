// DataFields: see data_fields.h.
#include "app/evaluation/data_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/document.h"
#include "text/row_source.h"

namespace pegbox {

namespace {

constexpr std::string_view kNoValue = "(none)";  // of a row that lacks the field

/// What the task's data call a field of ours.
std::string column(const EvaluationTask& task, const std::string& field) {
  return task.columns.contains(field) && task.columns[field].is_string() ? task.columns[field].get<std::string>()
                                                                         : field;
}

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
  return fail(ErrorKind::InvalidInput, {.where = "--slice",
                                        .what = "no row of the data has this field",
                                        .got = field,
                                        .hint = nearest.empty() ? "" : "did you mean " + nearest + "?"});
}

}  // namespace

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

bool has_choices(const DataRow& row, const EvaluationTask& task) {
  return row.fields.contains(column(task, "choices"));
}

Result<ChoiceQuestion> read_question(const DataRow& row, const EvaluationTask& task) {
  const Document document{.json = row.fields, .name = row.place(), .lines = {}};
  const Node root = document.root();
  ChoiceQuestion question;
  PEGBOX_TRY(const Node prompt, root.at(column(task, "prompt")));
  PEGBOX_TRY(question.prompt, prompt.string());
  PEGBOX_TRY(const Node choices, root.at(column(task, "choices")));
  for (const Node& item : choices.items()) {
    PEGBOX_TRY(question.choices.emplace_back(), item.string());
    if (question.choices.back().empty()) return item.fail("an answer without text", "a text");
  }
  if (question.choices.size() < 2) return choices.fail("there is nothing to choose", "a list of two or more texts");
  PEGBOX_TRY(const Node answer, root.at(column(task, "answer")));
  if (answer.is_string()) {
    const auto found = std::ranges::find(question.choices, answer.json().get<std::string>());
    question.answer = static_cast<std::size_t>(found - question.choices.begin());
  } else {
    PEGBOX_TRY(const std::int64_t number, answer.integer());
    question.answer = number < 0 ? question.choices.size() : static_cast<std::size_t>(number);
  }
  if (question.answer >= question.choices.size())
    return answer.fail("the answer is none of the choices",
                       fmt::format("a number from 0 to {}, or the text of a choice", question.choices.size() - 1));
  return question;
}

}  // namespace pegbox
