// EvaluationTask: data, and what is measured of a model on them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/file.h"
#include "base/json.h"
#include "base/result.h"
#include "text/safety_rule.h"

namespace pegbox {

struct EvaluationTask {
  std::string name;
  std::vector<std::string> data;             ///< files and folders
  Json columns = Json::object();             ///< our names of fields -> the files'
  std::vector<std::string> metrics;          ///< empty: the usual ones
  std::vector<std::string> slices;           ///< fields of the data
  std::string delimiter = " ";               ///< between a prompt and each of its choices
  Json set = Json::object();                 ///< fields of the trainer: sequence_length, most_tokens, stop, ...
  std::optional<text::SafetyRule> safety{};  ///< what outputs are judged by, besides what needs no rule

  /// name, data, columns, metrics, slices, delimiter, set and safety, and perhaps `more` that the caller reads. Paths
  /// are from `folder`. Without a name it is the first file's without its ending; without data, empty. InvalidInput,
  /// with the line, for unknown keys, and for metrics that there are not.
  static Result<EvaluationTask> read(const Node& node, const Path& folder, std::vector<std::string_view> more = {});
};

/// A text, or a list of texts.
Result<std::vector<std::string>> text_or_texts(const Node& node);

}  // namespace pegbox
