// PopulationSampler: the frame of the evolutionary strategies: follows the history and asks for one child after
// another.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "search/sampler.h"
#include "search/samplers/population.h"
#include "search/samplers/taken_configs.h"
#include "search/samplers/variation.h"

namespace pegbox {

class PopulationSampler : public Sampler {
 public:
  Result<std::vector<Suggestion>> suggest(const History& history, int count, RngKey key) final;

 protected:
  /// One configuration that is not in `taken()`; nothing if the space has no more. `key.trial` differs for each of a
  /// call's suggestions.
  virtual Result<std::optional<Suggestion>> next(const History& history, const Chronicle& chronicle,
                                                 const RngKey& key) = 0;

  const TakenConfigs& taken() const { return taken_; }

 private:
  TakenConfigs taken_;
  Chronicle chronicle_;
};

/// Why a suggestion was made, so that the family tree can be read from the log:
/// {"by": "genetic", "parents": [3, 17], "operator": "crossover+mutation", "generation": 4}.
Json descent(std::string_view by, std::span<const std::int64_t> parents, std::string_view operation,
             std::int64_t generation);

/// A suggestion without parents, from the Sobol sequence of `by`: operator "founder".
Result<std::optional<Suggestion>> suggest_founder(const History& history, const TakenConfigs& taken,
                                                  std::string_view by, std::int64_t generation, const RngKey& key);

/// A suggestion by `make`; where only a draw from the priors was new, one without parents and with operator "prior".
/// The `reason` of a child may say more than `descent`; it is asked for after `make`.
Result<std::optional<Suggestion>> suggest_child(const History& history, const TakenConfigs& taken,
                                                const MakeChild& make, const std::function<Json()>& reason, Rng& rng);

}  // namespace pegbox
