// EvaluationPlan: which model is measured on which tasks; a suite file, or flags that say the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/file.h"
#include "base/result.h"
#include "evaluation/evaluation_task.h"

namespace pegbox {

struct EvaluationPlan {
  std::string model, adapter;
  std::string compare;  ///< another model's folder, or an adapter's for the same model; empty: none
  std::int64_t seed = 0, resamples = 1000;
  std::vector<EvaluationTask> tasks;

  /// A suite: model, adapter, compare, seed, resamples, and tasks. Paths are from `folder`, the file's. InvalidInput,
  /// with the line, for unknown keys, tasks without data, and two tasks of one name.
  static Result<EvaluationPlan> read(const Document& document, const Path& folder);
};

}  // namespace pegbox
