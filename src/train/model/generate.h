// generate: text from a model, one token after another over a cache of keys and values; or the class of a text.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/result.h"
#include "train/model/decoder.h"

namespace pegbox::train {

struct GenerateOptions {
  std::int64_t most_tokens = 128;  ///< of the continuation
  double temperature = 0;          ///< 0: always the likeliest token
  std::int64_t top_k = 0;          ///< sample among the likeliest k; 0: among all
  double top_p = 1;             ///< and among the likeliest that together have this probability (Holtzman et al. 2020)
  std::int64_t beams = 1;       ///< above 1: beam search, at temperature 0
  double length_penalty = 1;    ///< beam search: scores are divided by length to this power
  std::int64_t end_token = -1;  ///< generation stops before it; -1: never
  std::uint64_t seed = 0;
  std::uint64_t prompt_number = 0;  ///< of several prompts, each of which has random numbers of its own
  /// Asked after each new token, the end token aside: whether the continuation so far is a whole one. Empty: never.
  std::function<bool(const std::vector<std::int64_t>&)> is_whole{};
};

/// The continuation of `prompt` (at least one id), without the end token. It ends where the model's positions end.
/// InvalidInput for an empty prompt, one longer than the positions, or beams at a temperature.
Result<std::vector<std::int64_t>> generate(const Decoder& decoder, const Network& network,
                                           const std::vector<std::int64_t>& prompt, const GenerateOptions& options);

/// Probabilities of a classifier's classes [K] for a text (at least one id, which it gives errors of as `generate`).
Result<std::vector<double>> class_probabilities(const Decoder& decoder, const Network& network,
                                                const std::vector<std::int64_t>& text);

}  // namespace pegbox::train
