// ChoiceQuestion: see choice_question.h.
#include "evaluation/choice_question.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/document.h"
#include "text/utf8.h"

namespace pegbox {

namespace {

/// Whether the greatest of the values, the first of several, is that of the answer.
bool is_chosen(const std::vector<double>& values, std::size_t answer) {
  return static_cast<std::size_t>(std::ranges::max_element(values) - values.begin()) == answer;
}

/// From the log-likelihoods of the choices' texts, without the end token; the definitions are lm-evaluation-harness'.
RowChoice judge(const ChoiceQuestion& question, std::span<const RowResult> choices) {
  std::vector<double> all, for_length;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    all.push_back(choices[i].likelihood->end_nll - choices[i].likelihood->nll);
    for_length.push_back(all.back() / static_cast<double>(text::count_characters(question.choices[i])));
  }
  return {is_chosen(all, question.answer), is_chosen(for_length, question.answer)};
}

}  // namespace

bool has_choices(const DataRow& row, const EvaluationTask& task) {
  return row.fields.contains(column_of(task, "choices"));
}

Result<ChoiceQuestion> read_question(const DataRow& row, const EvaluationTask& task) {
  const Document document{.json = row.fields, .name = row.place(), .lines = {}};
  const Node root = document.root();
  ChoiceQuestion question;
  PEGBOX_TRY(const Node prompt, root.at(column_of(task, "prompt")));
  PEGBOX_TRY(question.prompt, prompt.string());
  PEGBOX_TRY(const Node choices, root.at(column_of(task, "choices")));
  for (const Node& item : choices.items()) {
    PEGBOX_TRY(question.choices.emplace_back(), item.string());
    if (question.choices.back().empty()) return item.fail("an answer without text", "a text");
  }
  if (question.choices.size() < 2) return choices.fail("there is nothing to choose", "a list of two or more texts");
  PEGBOX_TRY(const Node answer, root.at(column_of(task, "answer")));
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

Result<std::vector<ChoiceQuestion>> read_questions(const std::vector<DataRow>& data, const EvaluationTask& task) {
  std::vector<ChoiceQuestion> questions;
  for (const DataRow& row : data) {
    PEGBOX_TRY(questions.emplace_back(), read_question(row, task));
  }
  return questions;
}

std::vector<std::pair<std::string, std::string>> choice_rows(const std::vector<ChoiceQuestion>& questions,
                                                             const std::string& delimiter) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const ChoiceQuestion& question : questions)
    for (const std::string& choice : question.choices) rows.emplace_back(question.prompt, delimiter + choice);
  return rows;
}

Result<std::vector<RowResult>> judge_questions(const std::vector<DataRow>& data,
                                               const std::vector<ChoiceQuestion>& questions,
                                               const std::vector<RowResult>& choices) {
  std::vector<RowResult> results;
  std::size_t next = 0;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const std::size_t count = questions[i].choices.size();
    for (std::size_t j = next; j < next + count; ++j)
      if (choices[j].likelihood->label_tokens == 0 || choices[j].is_truncated)
        return fail(ErrorKind::InvalidInput, {.where = data[i].place(),
                                              .what = "prompt and choice are longer than sequence_length",
                                              .hint = "a larger one: --sequence-length, up to the model's positions"});
    results.push_back({.file = data[i].file,
                       .line = data[i].line,
                       .choice = judge(questions[i], std::span(choices).subspan(next, count))});
    next += count;
  }
  return results;
}

}  // namespace pegbox
