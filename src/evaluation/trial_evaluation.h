// TrialEvaluation: what is measured of a trial's model besides its validation loss, and what the metrics are called.
//
//   evaluate: {metrics: [exact_match, bleu], slices: [lang], rows: 200}             of the validation data
//   evaluate: [{name: safety, data: prompts.jsonl, metrics: [toxicity, leakage], safety: {...}, at: rungs}]
//
// A metric is called by its name, behind the evaluation's and a dot if it has one: `exact_match`, `safety.toxicity`. Of
// a slice the field and its value follow in brackets: `exact_match[lang=de]`. What the metrics' table calls `loss` is
// `validation_loss` of the validation data, as everywhere. Beside each metric its standard error is called `..._error`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/file.h"
#include "base/result.h"
#include "evaluation/evaluation_task.h"

namespace pegbox {

struct TrialEvaluation {
  EvaluationTask task;           ///< without data: of the validation data; never without metrics
  std::string prefix;            ///< of its metrics' names: "safety.", or empty
  std::int64_t most_rows = 0;    ///< so many of the rows, taken evenly; 0: all
  std::optional<bool> at_rungs;  ///< at each rung too, and not at the end alone; nothing: not said

  /// The field `evaluate` of the trainer: a task, or a list of tasks. InvalidInput, with the line, for what
  /// EvaluationTask refuses, for one without metrics, and for two metrics of one name.
  static Result<std::vector<TrialEvaluation>> read(const Node& node, const Path& folder);

  std::string metric_name(std::string_view metric, std::string_view suffix = "") const;  ///< "_error" as suffix
  bool measures(std::string_view metric) const;  ///< by its name in a trial, of a slice too
};

/// "[lang=de]".
std::string slice_name(std::string_view field, std::string_view value);

/// `node`, the same field, with absolute paths in it.
Json with_paths_from(const Node& node, const Path& folder);

}  // namespace pegbox
