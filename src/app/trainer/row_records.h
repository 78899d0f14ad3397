// Row records: what a model makes of each row of a data set, as JSON for whoever computes metrics of them.
#pragma once

#include <string>
#include <vector>

#include "app/trainer/adapted_model.h"
#include "base/file.h"
#include "base/json.h"
#include "base/result.h"
#include "text/dataset.h"
#include "text/model_folder.h"
#include "train/evaluate.h"
#include "train/lanes.h"
#include "train/train_config.h"

namespace pegbox::trainer {

/// Rows with the names of their files and their tokens; conversations are written out.
struct AskedRows {
  const std::vector<text::Row>& rows;
  const std::vector<std::string>& files;
  const text::TokenizedRows& tokens;
};

struct RowRecords {
  std::vector<Json> records;  ///< of each row; docs/evaluation.md says what is in it
  train::Evaluation whole;    ///< of all rows together
  Json speed;                 ///< of continuations; null: none were asked for

  Result<void> write(const Path& path) const;  ///< as JSON lines
};

/// In the order of the data. With `generate` the model completes the prompt of each row, as that config has it.
/// InvalidInput for a row without a prompt, or one whose prompt is too long for the model.
Result<RowRecords> row_records(const AskedModel& model, const text::ModelText& text, const AskedRows& rows,
                               const train::TrainConfig* generate, train::Lanes& lanes);

}  // namespace pegbox::trainer
