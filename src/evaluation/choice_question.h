// ChoiceQuestion: a question with given answers, of which a model is asked how likely it finds each.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "evaluation/data_fields.h"
#include "evaluation/row_result.h"

namespace pegbox {

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

/// Those of all rows.
Result<std::vector<ChoiceQuestion>> read_questions(const std::vector<DataRow>& data, const EvaluationTask& task);

/// Each question with each of its choices, as a prompt with its completion.
std::vector<std::pair<std::string, std::string>> choice_rows(const std::vector<ChoiceQuestion>& questions,
                                                             const std::string& delimiter);

/// A row for each question, from what was measured of `choices`, the rows of choice_rows: the likeliest choice, as
/// lm-evaluation-harness has it, without the end token. InvalidInput where a choice was cut.
Result<std::vector<RowResult>> judge_questions(const std::vector<DataRow>& data,
                                               const std::vector<ChoiceQuestion>& questions,
                                               const std::vector<RowResult>& choices);

}  // namespace pegbox
