// Repeats: whether to try one of the best configurations again with a new seed instead of a new configuration.
//
// Both are priced in one currency, the knowledge gradient: by how much one more trial is expected to lower the
// expectation of the configuration that is chosen after it (Frazier, Powell, Dayanik 2009; math/expected_minimum.h),
// among the best 20 so far and the new one, averaged over the surrogate's models. A new configuration is worth much
// while better places may be found; a repeat is worth much where the best are close to each other and their results are
// noisy. A repeat is made when it is worth more. Where the noise is estimated as nil a repeat is worth nothing.
// Off unless the study file asks for it: on functions of our own with noise the final choice was no better
// (docs/LOG.md).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "search/history.h"
#include "search/samplers/surrogate.h"

namespace pegbox {

inline constexpr std::size_t kFewestForRepeats = 16;  ///< measured trials; with fewer the noise is a guess

struct Repeat {
  std::int64_t trial = 0;   ///< whose configuration to try again
  double worth = 0;         ///< of the repeat, in units of the loss
  double worth_of_new = 0;  ///< of the new configuration
};

/// Nothing where the new configuration (encoded) is worth more; with several objectives; with fewer than
/// kFewestForRepeats observations; where no trial is done; and once a repeat has given the same result to the last
/// digit (ignores_seeds).
std::optional<Repeat> choose_repeat(const History& history, const Surrogate& surrogate, const Evidence& evidence,
                                    std::span<const double> new_point);

/// {"by": "gp", "repeat_of": 7, "why": "repeat of trial 7: another seed is worth ..., a new configuration ...", ...}
Json reason_of(const Repeat& repeat);

}  // namespace pegbox
