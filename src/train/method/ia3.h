// ia3: trained gains of keys, values and what the feed-forward network's last layer reads (Liu et al. 2022, arXiv
// 2205.05638), in PEFT's format.
#pragma once

#include "train/method/adapter_files.h"
#include "train/method/method.h"

namespace pegbox::train {

/// As PEFT by default: keys and values, or all of a layer that holds queries too (GPT-2's c_attn).
Result<std::unique_ptr<Method>> make_ia3(const TrainConfig& config, const BaseModel& base);

/// PEFT's kind IA3, whatever its target layers.
Result<Adapter> read_ia3(AdapterFolder& folder, const BaseModel& base);

}  // namespace pegbox::train
