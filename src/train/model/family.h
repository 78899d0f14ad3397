// Family: one kind of model that transformers knows: its config.json, and its tensors' names in files.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "train/model/model_config.h"

namespace pegbox::train {

/// Names of modules in a family's files; those of a layer stand behind `layers` and its number. Empty: there is none.
struct TensorNames {
  std::string_view prefix;  ///< "model.": files of the bare model lack it
  std::string_view embedding, positions, layers, final_norm;
  std::string_view attention_norm, attention_post_norm, feed_norm, feed_post_norm, query_norm, key_norm;
  std::array<std::string_view, 3> attention_input;  ///< queries, keys, values, or one for all
  std::string_view attention_output;
  std::array<std::string_view, 2> feed_input;  ///< gate, up, or one alone
  std::string_view feed_output;
  bool transposed = false;                          ///< linear layers are stored as [I, O] (GPT-2's Conv1D)
  std::array<std::string_view, 2> ignored_endings;  ///< of buffers that some files carry
};

struct Family {
  std::string_view name;          ///< model_type
  std::string_view architecture;  ///< its language model in transformers: "LlamaForCausalLM"
  std::string_view classifier;    ///< its model for the classification of texts: "LlamaForSequenceClassification"
  TensorNames names;

  /// What all models of the family share, and what holds where its config.json is silent.
  void (*choose)(ModelConfig&);
  /// Reads what the family's config.json may say, into a config that was chosen.
  Result<void> (*read)(const Node&, ModelConfig&);
  /// Gives `json` the members that `read` reads.
  void (*write)(const ModelConfig&, Json& json);
  /// Which layers of a model from scratch have a window, if any has; null: none can.
  bool (*has_window)(std::int64_t layer);
  bool has_head_width = true;  ///< that of a head may be another than width / heads
};

std::vector<std::string_view> family_names();
const Family* find_family(std::string_view name);    ///< null: not supported
const Family& family_of(const ModelConfig& config);  ///< its family is a known one

}  // namespace pegbox::train
