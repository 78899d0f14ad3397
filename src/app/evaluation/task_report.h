// TaskReport: what was measured on one task: the rows, the scores of all of them and of slices, and the speed.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "app/evaluation/evaluation_plan.h"
#include "app/trainer_program.h"
#include "base/json.h"
#include "base/result.h"
#include "evaluation/scores.h"

namespace pegbox {

/// The rows of a task by one model.
struct MeasuredRows {
  RowResults results;
  Json summary = Json::object();  ///< the trainer's: loss, perplexity, label_tokens, speed, ...
  std::string records;            ///< the rows as the trainer wrote them, JSON lines
};

struct SliceScores {
  Slice slice;
  std::vector<Score> scores;
};

struct TaskReport {
  EvaluationTask task;
  MeasuredRows measured;
  std::string compared_with;  ///< the other model, adapter or file; empty: none
  std::vector<Score> scores;
  std::vector<SliceScores> slices{};
};

/// Measures a task with the plan's model and, if it names one, with the other model: asks the trainer for all that the
/// task's metrics need. Of data that have `choices` that is the likelihood of each.
Result<TaskReport> evaluate_task(const TrainerProgram& trainer, const EvaluationPlan& plan, const EvaluationTask& task);

/// The same of outputs that are there already, in files (read_row_results); `other`: those of another model, or empty.
/// Slices are by fields of the first file.
Result<TaskReport> evaluate_outputs(const std::string& file, const std::string& other, const EvaluationPlan& plan,
                                    const EvaluationTask& task);

}  // namespace pegbox
