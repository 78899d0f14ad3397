// TrialMetrics: what the field `evaluate` asks of the models of trials: metrics by name, of data that are read once.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/trainer/adapted_model.h"
#include "app/trainer/row_records.h"
#include "app/trainer/settings.h"
#include "base/protocol.h"
#include "base/result.h"
#include "evaluation/choice_question.h"
#include "evaluation/data_fields.h"
#include "text/output_checks.h"
#include "train/corpus.h"
#include "train/train_config.h"

namespace pegbox::trainer {

/// Validation rows as a config asks them: where it has a prompt_template, with that around their prompts. InvalidInput
/// if no row has a prompt.
Result<std::vector<text::Row>> asked_rows(const std::vector<text::Row>& rows, const std::string& prompt_template);

class TrialMetrics {
 public:
  /// Reads the data that evaluations name, and trains what judges outputs. The corpus outlives it. InvalidInput,
  /// NotFound and Io as their readers.
  static Result<TrialMetrics> create(std::vector<TrialEvaluation> evaluations, const train::Corpus& corpus);

  /// The metrics that are wanted at the end of a trial, or at a rung; nothing there if none are. Of a run whose model
  /// is `model`. InvalidInput for metrics that such rows have not, and fields to slice by with more than 100 values.
  Result<Metrics> measure(const train::TrainConfig& config, const AskedModel& model, train::Lanes& lanes, bool at_end);

 private:
  struct Part {
    TrialEvaluation wanted;
    std::optional<text::OutputChecks> checks{};  ///< where outputs are judged
    std::vector<text::Row> rows{};
    std::vector<std::string> files{};
    std::vector<DataRow> fields{};            ///< for slices and questions; else empty
    std::vector<ChoiceQuestion> questions{};  ///< where the data have choices: `rows` are their choices
    std::map<std::pair<std::int64_t, std::string>, train::EvaluationData> tokenized{};  ///< by length and template
  };

  explicit TrialMetrics(const train::Corpus& corpus) : corpus_(&corpus) {}
  Result<Part> read(TrialEvaluation wanted) const;
  Result<const train::EvaluationData*> tokens_of(Part& part, const train::TrainConfig& config) const;
  Result<Metrics> measure(Part& part, const train::TrainConfig& config, const AskedModel& model,
                          train::Lanes& lanes) const;

  const train::Corpus* corpus_;
  std::vector<Part> parts_;
};

}  // namespace pegbox::trainer
