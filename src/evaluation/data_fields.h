// DataFields: the rows of data files as they stand there, with all their fields: for slices, and for questions with
// choices (choice_question.h), which are no shape of training data.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "evaluation/evaluation_task.h"
#include "evaluation/scores.h"

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

/// What the task's data call a field of ours.
std::string column_of(const EvaluationTask& task, const std::string& field);

}  // namespace pegbox
