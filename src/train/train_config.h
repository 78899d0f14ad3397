// TrainConfig: everything that one training run is told besides its model and data; one row of a table per field.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/field_table.h"
#include "base/result.h"

namespace pegbox::train {

/// Where a prompt_template has the prompt.
inline constexpr std::string_view kPromptPlace = "{prompt}";

/// Defaults that depend on the method or the optimizer (marked 0 or -1) are filled when it is read.
struct TrainConfig {
  std::string task = "language";
  std::string method = "lora";
  std::string optimizer = "adamw";
  std::string schedule = "wsd";

  double learning_rate = 0;  ///< peak; 0: by the method, for scratch once a run knows its size and length
  double warmup_fraction = 0.02;
  double decay_fraction = 0.2;
  double weight_decay = -1;                                    ///< -1: by the method
  double beta1 = -1, beta2 = -1, momentum = -1, epsilon = -1;  ///< -1: by the optimizer (beta2: and the method)
  bool nesterov = true;
  std::string muon_scale = "match_rms_adamw", state_precision = "fp32";
  std::string decay_exclude = "norms,biases";
  double layer_rate_decay = 1, lora_b_rate = 1;
  std::int64_t cycles = 3;
  double decay_power = 2, final_rate = 0;
  double plateau_factor = 0.1, least_improvement = 1e-4;
  std::int64_t plateau_patience = 2, early_stop = 0;  ///< evaluations
  bool restore_best = false;

  double clip = 1, clip_value = 0, clip_adaptive = 0;  ///< 0: none
  double spike_deviations = 0;                         ///< 0: no step is skipped
  std::int64_t spike_rollback = 0;                     ///< spikes in a row; 0: never
  double label_smoothing = 0, z_loss = 0;
  std::string class_weights = "none";
  double class_weight_strength = 1;
  double distill_weight = 0, distill_temperature = 1, distill_beta = 0.5;
  std::string distill_divergence = "forward_kl";
  std::int64_t distill_top = 64;  ///< tokens; 0: all
  std::string average = "none";
  double average_decay = 0.999, average_fraction = 0.25;
  std::string initialization = "gpt2";
  double initial_deviation = 0.02;
  std::string parametrization = "standard";
  std::int64_t base_width = 128, base_head_dim = 32;

  std::int64_t batch_size = 16;  ///< sequences of an effective batch
  std::int64_t batch_start = 0;  ///< of the first one; 0: batch_size
  double batch_ramp_fraction = 0.1;
  std::int64_t micro_batch = 0;  ///< tokens that a thread takes at once; 0: by what is fast and fits
  std::int64_t sequence_length = 512;
  std::int64_t sequence_start = 0;  ///< longest sequence at first; 0: sequence_length
  double sequence_ramp_fraction = 0.3;
  std::string mixture;  ///< shares of the training sets in the tokens, "books=0.7,code=0.3"; empty: as the data say
  double mixture_temperature = 1;  ///< of sets without shares: 1: as they are, infinite: all alike
  double balance = 0;              ///< of classes: 0: as they are, 1: all equally often
  double augment_strength = 0;     ///< part of the words that change in copies of the rows; 0: no copies
  std::string augment_methods = "swap_words,delete_words";
  std::int64_t augment_copies = 1;
  std::int64_t tokens = 0;  ///< training tokens of the whole run; 0: from epochs
  double epochs = 1;
  std::int64_t evaluate_every = 0;   ///< training tokens between evaluations; 0: only at the ends
  std::int64_t evaluate_tokens = 0;  ///< of the validation data, from its beginning; 0: all
  double evaluate_fraction = 0.5;    ///< validation tokens on the way, of the training tokens before; 0: all of them

  std::string meta = "none";  ///< what is learned of the sets: their texts, or an initialization for each of them
  std::int64_t inner_steps = 5, meta_batch = 5, adapt_steps = 10;
  double outer_rate = 1;

  double replay = 0;  ///< of the tokens of a stream's later stages: those of earlier sets
  std::string consolidation = "none";
  double ewc_strength = 1, ewc_decay = 1;
  std::int64_t fisher_rows = 128;

  std::int64_t rank = 16;
  double scale = 2;
  std::string target = "all";
  double dropout = 0;
  bool rslora = false, dora = false;
  std::string lora_start = "kaiming";
  std::int64_t last_layers = 2, adapter_width = 64, virtual_tokens = 20;
  std::string adapter_placement = "pfeiffer", prompt_start = "vocabulary";

  std::string start_adapter;  ///< a folder, whose values are the first ones; empty: the method's own

  std::string adapters;         ///< folders, {"name": "folder"} or a list, as JSON; or names with commas between
  std::string adapter_weights;  ///< "novel=0.7,code=0.3"; empty: all alike, 1 in sum
  std::string merge = "linear", merge_sign = "total";
  double merge_density = 0.5, merge_scale = 1;
  std::int64_t merge_rank = 0;  ///< 0: the largest of the adapters'
  std::string prompt_template = "{prompt}";
  std::int64_t most_tokens = 128, top_k = 0, beams = 1;  ///< of what is written
  double temperature = 0, top_p = 1, length_penalty = 1;
  std::string stop;  ///< it ends before this text; several as a JSON list

  std::int64_t seed = 0;
  std::string precision = "fp32", recompute = "none";

  std::string shape = "llama", norm = "auto", activation = "auto";
  std::int64_t layers = 4, heads = 4, kv_heads = 0, head_dim = 0, width = 128, feed_forward = 0, positions = 0,
               window = 0;
  bool tie_embeddings = true;
};

const FieldTable<TrainConfig>& train_fields();

/// The heading under which a reference has a field of the table.
std::string_view section_of(std::string_view field);

/// The names in a field that is a list, such as `target`: "q_proj, v_proj".
std::vector<std::string> names_in(const std::string& list);

/// Makes text of the fields that may also be written as objects, lists or members: mixture, adapters, adapter_weights.
void fold_fields(Json& fields);

/// Reads `json` over `defaults` (both objects of fields); members of `json` win. Unknown names and values out of range
/// are refused. Fills what depends on the method.
Result<TrainConfig> read_train_config(const Json& defaults, const Json& json, const std::string& where);

}  // namespace pegbox::train
