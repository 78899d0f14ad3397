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
  std::unique_ptr<Decoder> decoder = nullptr;
  Weights weights;  ///< empty: to be trained from scratch; without the linear layers if they are in 4 bits alone; these
                    ///< in bf16 if it was loaded so
  std::shared_ptr<const Nf4Weights> nf4 = nullptr;  ///< the linear layers in 4 bits; nothing: not quantized (yet)

  bool is_nf4_alone() const;
  bool is_bf16() const;        ///< its linear layers
  std::int64_t bytes() const;  ///< of weights, in whatever form they are
};

enum class BaseStorage : std::uint8_t { Fp32, Bf16, Nf4 };

/// `Bf16` and `Nf4` are of the linear layers: each is converted as soon as it is read, so that the model is never there
/// as a whole in fp32. Unsupported: bf16 on a CPU that does not multiply it.
/// `labels`: as a classifier of these, its head 0 if the folder has none; InvalidInput if it has one for others.
Result<BaseModel> load_model(const Path& folder, BaseStorage storage = BaseStorage::Fp32,
                             const std::vector<std::string>& labels = {});

/// Unsupported on a CPU that does not multiply numbers in bf16.
Result<void> check_bf16_products();

/// The linear layers of a model in 4 bits: those that it has, or new ones.
std::shared_ptr<const Nf4Weights> nf4_weights(const BaseModel& model);

/// Writes config.json and model.safetensors; the text side is written by text::write_model_text. Factors that files do
/// not hold (µP's) become a part of the weights.
Result<void> save_model(const Path& folder, const ModelConfig& config, const ModelLayout& layout,
                        const Weights& weights);

}  // namespace pegbox::train
