// EvaluationPlan: which model is measured on which tasks; a suite file, or flags that say the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/file.h"
#include "base/json.h"
#include "base/result.h"

namespace pegbox {

/// Data, and what is measured on them.
struct EvaluationTask {
  std::string name;
  std::vector<std::string> data;     ///< files and folders
  Json columns = Json::object();     ///< our names of fields -> the files'
  std::vector<std::string> metrics;  ///< empty: the usual ones
  std::vector<std::string> slices;   ///< fields of the data
  std::string delimiter = " ";       ///< between a prompt and each of its choices
  Json set = Json::object();         ///< fields of the trainer: sequence_length, most_tokens, stop, ...
};

struct EvaluationPlan {
  std::string model, adapter;
  std::string compare;  ///< another model's folder, or an adapter's for the same model; empty: none
  std::int64_t seed = 0, resamples = 1000;
  std::vector<EvaluationTask> tasks;

  /// A suite: model, adapter, compare, seed, resamples, and tasks with name, data, columns, metrics, slices, delimiter
  /// and set. Paths are from `folder`, the file's. InvalidInput, with the line, for unknown keys, metrics that there
  /// are not, and two tasks of one name.
  static Result<EvaluationPlan> read(const Document& document, const Path& folder);
};

}  // namespace pegbox
