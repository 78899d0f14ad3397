// ModelConfig: what kind of decoder a model is, read from and written as Hugging Face's config.json.
//
// One decoder serves several families; a family is a choice of these fields and of the tensors' names. Llama and GPT-2
// shapes are supported; Mistral, Qwen and Gemma are further rows of the family table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/file.h"
#include "base/result.h"

namespace pegbox::train {

enum class NormKind : std::uint8_t { RootMeanSquare, Layer };
enum class PositionKind : std::uint8_t { Rotary, Learned };
enum class Activation : std::uint8_t { SiluGated, GeluTanh, Gelu, Relu };

/// Llama 3's stretching of slow rotations ("llama3"), or all of them by one factor ("linear").
struct RopeScaling {
  std::string kind;  ///< "linear" or "llama3"
  double factor = 1;
  double low_frequency_factor = 1, high_frequency_factor = 4;
  double original_positions = 8192;
};

struct ModelConfig {
  std::string family = "llama";  ///< model_type: "llama" or "gpt2"
  std::int64_t vocabulary = 0;   ///< rows of the embedding
  std::int64_t width = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;    ///< divides heads; fewer than heads: grouped-query attention
  std::int64_t head_width = 0;  ///< of one head; usually width / heads
  std::int64_t feed_forward = 0;
  std::int64_t positions = 0;  ///< longest sequence the model knows

  NormKind norm = NormKind::RootMeanSquare;
  double norm_epsilon = 1e-5;
  Activation activation = Activation::SiluGated;
  PositionKind position = PositionKind::Rotary;
  double rope_theta = 10000;
  std::optional<RopeScaling> rope_scaling;
  bool attention_input_bias = false;   ///< on queries, keys and values
  bool attention_output_bias = false;  ///< on the projection back to the width
  bool feed_forward_bias = false;
  bool tied_embeddings = false;  ///< the head is the embedding
  double initializer_range = 0.02;
  std::int64_t begin_token = -1, end_token = -1;  ///< -1: not named

  Json source = Json::object();  ///< the config.json it was read from; what it holds beyond these fields is kept
};

/// Reads a config.json. Unsupported, with what is and what is not, for other families and for features that this
/// decoder lacks; InvalidInput for missing fields and sizes that do not fit together.
Result<ModelConfig> read_model_config(const Path& model_folder);
Result<ModelConfig> parse_model_config(const Document& document);

/// The config.json that `transformers` loads as the same model.
Json write_model_config(const ModelConfig& config);

/// Checks sizes (positive, heads divide, ...); `where` names the config in messages.
Result<void> check_model_config(const ModelConfig& config, const std::string& where);

std::vector<std::string_view> family_names();

}  // namespace pegbox::train
