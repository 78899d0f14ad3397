// ModelConfig: what kind of decoder a model is, read from and written as Hugging Face's config.json.
//
// One decoder serves all families; a family is a choice of these fields and of the tensors' names (model/family.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/file.h"
#include "base/result.h"

namespace pegbox::train {

enum class NormKind : std::uint8_t { RootMeanSquare, Layer };
enum class PositionKind : std::uint8_t { Rotary, Learned };
enum class Activation : std::uint8_t { Silu, GeluTanh, Gelu, Relu, ReluSquared };

/// How rotations are slowed for contexts longer than those of the first training: all by one factor ("linear"), or slow
/// ones more than fast ones ("llama3"; "yarn", Peng et al. 2023, arXiv 2309.00071).
struct RopeScaling {
  std::string kind;  ///< "linear", "llama3" or "yarn"
  double factor = 1;
  double low_frequency_factor = 1, high_frequency_factor = 4;  ///< llama3
  double original_positions = 8192;                            ///< llama3, yarn
  double beta_fast = 32, beta_slow = 1;                        ///< yarn: turns within the original positions
  double attention_factor = 1;                                 ///< yarn: of queries and keys
  bool truncate = true;                                        ///< yarn: the bounds are whole pairs
};

struct Rope {
  double theta = 10000;  ///< base of the wavelengths
  double share = 1;      ///< of a head, its first part, that is turned
  std::optional<RopeScaling> scaling;
};

struct ModelConfig {
  std::string family = "llama";  ///< model_type, one of family_names()
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
  double gain_offset = 0;   ///< what is added to the gain of a root-mean-square norm: Gemma's files hold gain - 1
  bool head_norms = false;  ///< each head of queries and keys has a norm, before it is turned
  bool post_norms = false;  ///< what attention and feed-forward network give has a norm, before it is added
  Activation activation = Activation::Silu;
  bool gated = true;  ///< the activation's result is multiplied by a second projection (Shazeer 2020)

  PositionKind position = PositionKind::Rotary;
  Rope rope;
  std::optional<Rope> local_rope;       ///< of layers with a window, where it is another
  std::vector<std::int64_t> windows;    ///< [layers]: tokens that a token sees, itself included; 0: all. Empty: all 0
  double score_scale = 0;               ///< of queries times keys; 0: 1 / sqrt(head_width)
  double score_cap = 0, logit_cap = 0;  ///< x becomes cap tanh(x / cap), for scores and for logits; 0: none

  bool attention_input_bias = false;   ///< on queries, keys and values
  bool attention_output_bias = false;  ///< on the projection back to the width
  bool feed_forward_bias = false;
  bool scaled_embeddings = false;  ///< tokens' embeddings times sqrt(width)
  bool tied_embeddings = false;    ///< the head is the embedding
  /// Factors that no file holds (model/parametrization.h): of the scores, beside their scale; of tokens' embeddings, in
  /// the place of sqrt(width), 0: none; of the logits.
  double score_factor = 1, token_scale = 0, output_factor = 1;
  double initializer_range = 0.02;
  std::int64_t begin_token = -1, end_token = -1;  ///< -1: not named

  std::vector<std::string> labels;  ///< classes by number: a classifier, whose head tells them apart; empty: none

  Json source = Json::object();  ///< the config.json it was read from, which is written again; empty: from scratch

  std::int64_t window(std::size_t layer) const { return windows.empty() ? 0 : windows[layer]; }
  double embedding_scale() const;
  double attention_scale() const;  ///< of queries times keys
};

/// Reads a config.json. Unsupported, with what is and what is not, for other families and for features that this
/// decoder lacks; InvalidInput for missing fields and sizes that do not fit together.
Result<ModelConfig> read_model_config(const Path& model_folder);
Result<ModelConfig> parse_model_config(const Document& document);

/// The config.json that `transformers` loads as the same model.
Json write_model_config(const ModelConfig& config);

/// Checks sizes (positive, heads divide, ...); `where` names the config in messages.
Result<void> check_model_config(const ModelConfig& config, const std::string& where);

}  // namespace pegbox::train
