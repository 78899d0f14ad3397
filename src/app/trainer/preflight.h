// Preflight: what is worth knowing before a run begins: of its data as tokens, of model and tokenizer, and what is
// wrong with them.
#pragma once

#include <string>
#include <vector>

#include "app/trainer/settings.h"
#include "base/json.h"
#include "base/result.h"
#include "train/corpus.h"
#include "train/train_config.h"

namespace pegbox::trainer {

/// Something that a person should know. A fault makes the run pointless.
struct Finding {
  bool is_fault = false;
  std::string what, hint;
};

/// The numbers of one part of the data: {"rows", "texts", "tokens", "label_tokens", "longest", "mean_length",
/// "filled_fraction", "learned_fraction", "ended_fraction", "cut_texts", "truncated_texts", "dropped_texts",
/// "double_begins"} (of classes no "ended_fraction"), of a mixture "sets" (tokens of each), of classes "classes" (rows
/// of each), and what is odd about them.
struct PartReport {
  Json numbers;
  std::vector<Finding> findings;
};

Result<PartReport> report_part(train::Corpus& corpus, train::Part part, std::int64_t sequence_length);

/// What a look at a run's data found: facts of the model that they must fit, fields of the run that matter ("method",
/// "optimizer" and the "learning_rate" that it would have, also where a law gives it), numbers of each part by name,
/// and findings.
struct Survey {
  Json model = Json::object(), run = Json::object(), parts = Json::object();
  std::vector<Finding> findings{};
};

/// Looks at each part of a config's data as tokens. That training data are missing, or refused for this run, is a
/// fault.
Result<Survey> survey(const Config& config, const train::TrainConfig& run, train::Corpus& corpus);

/// Looks at all that a config names but the weights: {"model": facts, "run": fields that matter, "parts":
/// {"train": numbers, ...}, "findings": [{"fault", "what", "hint"}], "samples": [{"file", "line", "ids", "learned",
/// "pieces"}]} (of classes with "label", which is no id), the first `rows` of the settings as samples. Data that
/// cannot be read or have nothing to learn are a finding, a fault; a config that says nonsense is an error.
Result<Json> preflight(const Config& config);

}  // namespace pegbox::trainer
