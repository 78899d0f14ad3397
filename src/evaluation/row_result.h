// RowResult: what a model made of one row, from which all metrics are computed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/file.h"
#include "base/result.h"
#include "text/output_checks.h"

namespace pegbox {

/// How likely the model finds what it should say: sums over the row's label tokens, in nats.
struct RowLikelihood {
  double nll = 0;                 ///< negative log-likelihood
  double end_nll = 0;             ///< the part of it that is of end tokens
  std::int64_t label_tokens = 0;  ///< end tokens included
  std::int64_t right_tokens = 0;  ///< labels that are the likeliest token
  std::int64_t bytes = 0;         ///< that the label tokens stand for, end tokens aside
  std::int64_t words = 0;         ///< in their text, between white space
};

/// What the model wrote after the prompt, and what was expected.
struct RowOutput {
  std::string text, reference;
  std::string prompt{};  ///< where it is known
};

/// Of a classifier. Numbers are those of RowResults::classes.
struct RowClass {
  std::size_t label = 0, answer = 0;
  std::vector<double> probabilities{};  ///< [classes], or empty
};

/// Of a question with given answers.
struct RowChoice {
  bool is_right = false;             ///< the likeliest answer is the right one
  bool is_right_for_length = false;  ///< the answer of the greatest log-likelihood for each character is
};

struct RowResult {
  std::string file{};
  std::int64_t line = 0;
  bool is_truncated = false;  ///< a part of it was not measured, since it is longer than sequence_length
  std::optional<RowLikelihood> likelihood{};
  std::optional<RowOutput> output{};
  std::optional<RowClass> classes{};
  std::optional<RowChoice> choice{};
  std::optional<text::OutputFindings> safety{};  ///< of the output, once it is judged (judge_outputs)
};

struct RowResults {
  std::vector<RowResult> rows;
  std::vector<std::string> classes;  ///< names of classes by number; empty: no classifier's
};

/// Reads JSON lines as the trainer writes them, or a person (docs/evaluation.md): of each row `output` and `reference`,
/// or `label` with `prediction` or `probabilities` (an object by class). InvalidInput, with file and line, for others.
Result<RowResults> read_row_results(const Path& path);

/// The same of records that are in memory, objects as the trainer makes them. `where` names them in messages.
Result<RowResults> read_row_results(const std::vector<Json>& records, const std::string& where);

/// Judges all outputs, with the prompts that they have.
void judge_outputs(RowResults& results, const text::OutputChecks& checks);

}  // namespace pegbox
