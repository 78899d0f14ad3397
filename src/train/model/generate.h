// generate: text from a model, one token after another over a cache of keys and values; or the class of a text.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "train/model/decoder.h"

namespace pegbox::train {

struct GenerateOptions {
  std::int64_t most_tokens = 128;  ///< of the continuation
  double temperature = 0;          ///< 0: always the likeliest token
  std::int64_t top_k = 0;          ///< sample among the likeliest k; 0: among all
  std::int64_t end_token = -1;     ///< generation stops before it; -1: never
  std::uint64_t seed = 0;
};

/// The continuation of `prompt` (at least one id), without the end token. It ends where the model's positions end.
/// InvalidInput for an empty prompt, or one longer than the positions.
Result<std::vector<std::int64_t>> generate(const Decoder& decoder, const Network& network,
                                           const std::vector<std::int64_t>& prompt, const GenerateOptions& options);

/// Probabilities of a classifier's classes [K] for a text (at least one id, which it gives errors of as `generate`).
Result<std::vector<double>> class_probabilities(const Decoder& decoder, const Network& network,
                                                const std::vector<std::int64_t>& text);

}  // namespace pegbox::train
