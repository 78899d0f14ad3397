// DataFields: the rows of data files as they stand there, with all their fields: for slices, and for questions with
// choices, which are no shape of training data.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "app/evaluation/evaluation_plan.h"
#include "app/evaluation/scores.h"
#include "base/json.h"
#include "base/result.h"

namespace pegbox {

struct DataRow {
  std::string file;
  std::int64_t line = 0;
  Json fields;                ///< an object; of a document without any
  std::string place() const;  ///< "questions.jsonl:3"
};

/// All rows of a task's data. InvalidInput for lines that are no rows.
Result<std::vector<DataRow>> read_data_rows(const EvaluationTask& task);

/// Rows grouped by each of the fields, values in the order in which they are met. `results` are of these rows, by file
/// and line or, where that says nothing, by number. InvalidInput for a field that no row has, with the nearest name.
Result<std::vector<Slice>> slices_of(const std::vector<DataRow>& data, const std::vector<RowResult>& results,
                                     const std::vector<std::string>& fields);

/// A question with its answers.
struct ChoiceQuestion {
  std::string prompt;
  std::vector<std::string> choices;
  std::size_t answer = 0;
};

/// Whether a row of the data has choices (under the name that the task's columns give them).
bool has_choices(const DataRow& row, const EvaluationTask& task);

/// `prompt`, `choices` (a list of texts) and `answer` (its number, from 0, or its text). InvalidInput, with file and
/// line, for others.
Result<ChoiceQuestion> read_question(const DataRow& row, const EvaluationTask& task);

}  // namespace pegbox
