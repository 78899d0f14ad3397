// evaluation_json: reports as JSON, in the shape of lm-evaluation-harness' results and with what that has no place for.
#pragma once

#include <span>

#include "app/evaluation/task_report.h"
#include "base/json.h"

namespace pegbox {

/// results, group_subtasks, configs, versions, n-shot, higher_is_better, n-samples and config as lm-evaluation-harness
/// writes them; beside them intervals, slices, comparisons, speed, signatures and confusion, each by task. Of a single
/// task also the trainer's loss, perplexity and label_tokens, at the top.
Json evaluation_json(const EvaluationPlan& plan, std::span<const TaskReport> reports);

}  // namespace pegbox
