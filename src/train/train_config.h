// TrainConfig: everything that one training run is told besides its model and data; one row of a table per field.
#pragma once

#include <cstdint>
#include <string>

#include "base/field_table.h"
#include "base/result.h"

namespace pegbox::train {

/// Defaults that depend on the method (marked 0 or -1: "from the method") are filled by `resolve`.
struct TrainConfig {
  std::string method = "lora";
  std::string optimizer = "adamw";
  std::string schedule = "wsd";

  double learning_rate = 0;  ///< peak; 0: by the method
  double warmup_fraction = 0.02;
  double decay_fraction = 0.2;
  double weight_decay = -1;  ///< -1: by the method
  double beta1 = 0.9, beta2 = -1, epsilon = 1e-8;
  double clip = 1;  ///< largest global norm of the gradient; 0: none

  std::int64_t batch_size = 16;  ///< sequences of an effective batch
  std::int64_t micro_batch = 0;  ///< tokens that a thread takes at once; 0: by the model's size
  std::int64_t sequence_length = 512;
  std::int64_t tokens = 0;  ///< training tokens of the whole run; 0: from epochs
  double epochs = 1;
  std::int64_t evaluate_every = 0;   ///< training tokens between evaluations; 0: only at the ends
  std::int64_t evaluate_tokens = 0;  ///< of the validation data, from its beginning; 0: all

  std::int64_t rank = 16;
  double scale = 2;
  std::string target = "all";
  double dropout = 0;
  bool rslora = false, dora = false;
  std::string lora_start = "kaiming";
  std::int64_t last_layers = 2, adapter_width = 64, virtual_tokens = 20;
  std::string adapter_placement = "pfeiffer", prompt_start = "vocabulary";

  std::int64_t seed = 0;
  std::string precision = "fp32";

  std::string shape = "llama";
  std::int64_t layers = 4, heads = 4, kv_heads = 0, width = 128, feed_forward = 0, positions = 0;
  bool tie_embeddings = true;
};

const FieldTable<TrainConfig>& train_fields();

/// Reads `json` over `defaults` (both objects of fields); members of `json` win. Unknown names and values out of range
/// are refused. Fills what depends on the method.
Result<TrainConfig> read_train_config(const Json& defaults, const Json& json, const std::string& where);

}  // namespace pegbox::train
