// adapter_files: LoRA adapters in PEFT's format: adapter_config.json and adapter_model.safetensors.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"
#include "train/method/lora.h"

namespace pegbox::train {

struct AdapterInfo {
  std::string base_name;  ///< base_model_name_or_path
  double dropout = 0;
};

/// Writes what peft.PeftModel.from_pretrained loads. `values`: A and B of each adapted group.
Result<void> save_adapter(const Path& folder, const Decoder& decoder, const LoraPlan& plan, const Tensors& values,
                          const AdapterInfo& info);

/// An adapter as it was read.
struct Adapter {
  LoraPlan plan;
  Tensors values;
  AdapterInfo info;
};

/// Reads an adapter of this decoder, PEFT's own too. Unsupported for other adapter kinds, DoRA, trained biases or whole
/// modules, ranks that differ between layers; InvalidInput for tensors that do not fit the decoder.
Result<Adapter> load_adapter(const Path& folder, const Decoder& decoder);

/// The base with the adapter added into it: new weights.
Weights merge_adapter(const Decoder& decoder, const Weights& base, const Adapter& adapter);

}  // namespace pegbox::train
