// ModelLayout: which tensors a decoder has, what shape, and where each lies in Hugging Face's files.
//
// Linear layers that read the same input form one group with one weight, whose rows are those of its parts in turn
// (queries, keys, values; gate, up), so that the input meets one large matrix product instead of several small ones.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "train/model/model_config.h"

namespace pegbox::train {

/// Rows [row, row + rows) of a tensor, stored as a tensor of its own.
struct Piece {
  std::string name;  ///< in the file: "model.layers.0.self_attn.q_proj.weight"
  std::int64_t row = 0;
  std::int64_t rows = 0;
  bool transposed = false;  ///< stored as [I, O] (GPT-2's Conv1D)
};

/// One tensor of the decoder.
struct TensorSlot {
  std::string name;                 ///< ours: "layers.0.attention_input.weight"
  std::vector<std::int64_t> shape;  ///< [O, I] or [C]
  std::vector<Piece> pieces;
  enum class Role : std::uint8_t { Embedding, Linear, ResidualLinear, Bias, NormWeight, NormBias } role = Role::Linear;
  bool may_be_missing = false;  ///< in files, where it is then 0: the head of a classifier that is not trained yet

  std::int64_t size() const;
  /// Weight decay is for matrices that multiply; gains, biases and tables of positions are left alone.
  bool is_matrix() const { return shape.size() == 2; }
};

/// A linear layer as files and adapters name it.
struct LinearPart {
  std::string module;  ///< "model.layers.0.self_attn.q_proj"
  std::string target;  ///< its last name: "q_proj"
  std::int64_t row = 0, rows = 0;
  bool attention = false;  ///< of the attention, else of the feed-forward network
};

struct LinearGroup {
  int weight = -1, bias = -1;  ///< slots; -1: none
  std::int64_t outputs = 0, inputs = 0;
  std::vector<LinearPart> parts;
};

/// Gain and bias of a norm; -1: none.
struct NormSlots {
  int gain = -1, bias = -1;
};

/// Slots of one layer.
struct LayerSlots {
  NormSlots attention_norm, attention_post_norm, feed_norm, feed_post_norm, query_norm, key_norm;
  int attention_input = -1, attention_output = -1, feed_input = -1, feed_output = -1;  ///< groups

  std::array<int, 4> groups() const { return {attention_input, attention_output, feed_input, feed_output}; }
  std::vector<int> norms() const;  ///< slots of all norms that there are
};

struct ModelLayout {
  std::vector<TensorSlot> slots;
  std::vector<LinearGroup> groups;
  std::vector<LayerSlots> layers;
  int embedding = -1, positions = -1;
  NormSlots final_norm;
  int head = -1;                                  ///< the embedding's slot if tied
  std::string optional_prefix;                    ///< "model.": files of the bare model lack it
  bool transposed_linears = false;                ///< files have linear layers as [I, O]
  std::vector<std::string> ignored_name_endings;  ///< buffers that some files carry

  std::int64_t parameters() const;                 ///< of all slots
  std::int64_t parameters_without_tables() const;  ///< without embeddings, positions and head
  std::vector<std::string> targets() const;        ///< names of linear layers that adapters may take, in order
};

ModelLayout layout_of(const ModelConfig& config);

}  // namespace pegbox::train
