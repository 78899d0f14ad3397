// QuickStudy: a study made from a few flags instead of a file: `pegbox tune --model DIR --data FILE --budget 30m`.
#pragma once

#include <string>
#include <vector>

#include "base/document.h"
#include "base/result.h"

namespace pegbox {

struct QuickStudy {
  std::string model;              ///< folder; may be empty for method scratch
  std::vector<std::string> data;  ///< training files or folders
  std::string validation;         ///< file or folder; empty: a part of the training data
  std::string method = "lora";
  std::vector<std::string> budget;  ///< "30m", "60trials", "2e8tokens"
  std::vector<std::string> set;     ///< trainer fields: "sequence_length=256"
  std::string name;                 ///< empty: METHOD-and the model's or data's name
  std::int64_t workers = 1;
  std::int64_t seed = 0;
};

/// The study file that says the same. InvalidInput for what cannot be understood.
Result<Document> quick_study_document(const QuickStudy& quick);

/// `budget:` of flags: durations ("30m"), trials ("60trials") and tokens ("2e8tokens").
Result<Json> budget_of_flags(const std::vector<std::string>& flags);

/// `name=value` flags as an object; values are read as in YAML.
Result<Json> fields_of_flags(const std::vector<std::string>& flags, const std::string& flag);

}  // namespace pegbox
