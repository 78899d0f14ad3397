// Weights: the tensors of a decoder in the order of its layout, read from and written to a model folder.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "train/model/layout.h"
#include "train/tensor.h"

namespace pegbox::train {

/// One contiguous fp32 tensor for each slot of the layout.
using Weights = Tensors;

/// Reads `model.safetensors`, or the shards that `model.safetensors.index.json` names; fp16 and bf16 become fp32.
/// Corrupt for damaged files; InvalidInput, with names, for missing, unexpected and wrongly shaped tensors.
/// `keep` gets each slot's tensor and returns what stands for it in the result.
Result<Weights> load_weights(
    const Path& model_folder, const ModelLayout& layout,
    const std::function<Tensor(std::size_t slot, Tensor read)>& keep = [](std::size_t, Tensor read) { return read; });

/// Writes `model.safetensors` in fp32, in pieces named as `transformers` names them.
Result<void> save_weights(const Path& model_folder, const ModelLayout& layout, const Weights& weights);

/// Named tensors of any kind in one file.
Result<void> save_tensors(const Path& path, const NamedTensors& tensors,
                          const std::map<std::string, std::string>& metadata = {});

struct TensorFile {
  NamedTensors tensors;
  std::map<std::string, std::string> metadata;
};
Result<TensorFile> load_tensors(const Path& path);
Result<TensorFile> map_tensors(const Path& path);  ///< its tensors are the file's bytes, and are not to be changed

}  // namespace pegbox::train
