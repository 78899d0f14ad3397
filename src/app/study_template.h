// Study template: the commented study file that `pegbox init` writes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace pegbox {

struct TemplateChoices {
  std::string name = "my-study";
  std::string model;              ///< folder; empty: none
  std::vector<std::string> data;  ///< of the trainer
  std::string validation;         ///< empty: a part of the training data
  std::string method = "lora";
  std::string command;          ///< not empty: a program of one's own instead of the trainer
  std::string metric = "loss";  ///< of the command
  std::string budget = "{time: 30m}";
};

/// YAML text that `pegbox tune` takes as it is. `described`: what the trainer says of model and data, for comments.
Result<std::string> study_template(const TemplateChoices& choices, const std::optional<Json>& described);

/// `text` as a YAML scalar that reads back as the same text: bare where that is safe, else in double quotes.
std::string yaml_text(const std::string& text);

}  // namespace pegbox
