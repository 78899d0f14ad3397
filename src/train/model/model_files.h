// model_files: a model folder's config and weights together.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "train/model/decoder.h"
#include "train/model/weights.h"

namespace pegbox::train {

/// A model as it lies in a folder: loaded once, shared by all that train or evaluate it, never changed.
struct BaseModel {
  std::string name;  ///< its folder, as it was named
  std::unique_ptr<Decoder> decoder;
  Weights weights;  ///< empty: to be trained from scratch
};

Result<BaseModel> load_model(const Path& folder);

/// Writes config.json and model.safetensors; the text side is written by text::write_model_text.
Result<void> save_model(const Path& folder, const ModelConfig& config, const ModelLayout& layout,
                        const Weights& weights);

}  // namespace pegbox::train
