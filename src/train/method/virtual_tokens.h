// virtual_tokens: methods that train tokens before every document: their embeddings (prompt tuning, Lester et al. 2021,
// arXiv 2104.08691) or their keys and values in every layer (prefix tuning, Li & Liang 2021, arXiv 2101.00190, without
// its reparametrization, as PEFT does by default). In PEFT's format.
#pragma once

#include "train/method/adapter_files.h"
#include "train/method/method.h"

namespace pegbox::train {

Result<std::unique_ptr<Method>> make_prompt(const TrainConfig& config, const BaseModel& base);
Result<std::unique_ptr<Method>> make_prefix(const TrainConfig& config, const BaseModel& base);

Result<Adapter> read_prompt(AdapterFolder& folder, const BaseModel& base);  ///< PEFT's kind PROMPT_TUNING
Result<Adapter> read_prefix(AdapterFolder& folder, const BaseModel& base);  ///< PEFT's kind PREFIX_TUNING

}  // namespace pegbox::train
