// Beam search: the likeliest continuation that a few paths at a time find, as transformers' generate does with
// num_beams and early_stopping=False.
#pragma once

#include <cstdint>
#include <vector>

#include "train/model/generate.h"

namespace pegbox::train {

/// The continuation, without the end token, of at most `most_tokens` (at least 1). A path's score is the sum of its
/// tokens' log-probabilities; a finished one's is divided by its length, end token included, to the power
/// length_penalty. Paths go on until none can beat the worst of `beams` finished ones at its present length. Throws
/// what libtorch throws.
std::vector<std::int64_t> beam_search(const Decoder& decoder, const Network& network,
                                      const std::vector<std::int64_t>& prompt, std::int64_t most_tokens,
                                      const GenerateOptions& options);

}  // namespace pegbox::train
