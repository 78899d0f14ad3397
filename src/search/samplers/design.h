// Design: the trials before a model has something to learn from.
//
// First the priors' most likely configuration, if there are priors; then, where a person has put some, the most likely
// one without these, so that a wrong prior costs a trial or two; then scrambled Sobol points, moved to the priors and,
// every other one, to what is believed without those of a person.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/rng.h"
#include "search/sampler.h"
#include "search/samplers/observations.h"
#include "search/samplers/taken_configs.h"

namespace pegbox {

/// Trials of the design: 4, whatever the number of axes, since models that average over what they do not know can be
/// asked so early. Where parameters depend on another one (a method with settings of its own), 4 for each value of that
/// one, up to 12: a branch that was seen in bad places only looks bad for long. Not more than a third of the trials
/// that the budget allows, but at least 2.
std::int64_t initial_trials(const Space& space, std::int64_t budget_trials);

/// Whether a model has something to learn from: of `trials` made the design is a part, half of it has come back, and
/// some loss is finite. `initial`: trials of the design; 0: initial_trials.
bool is_modelled(const History& history, const Observations& observations, std::size_t trials, std::int64_t initial);

/// The configuration that the priors think most likely; the middle of axes without one.
Config prior_mode(const Space& space);

/// The design of one sampler in one call of `suggest`; its reasons say {"by", "design": "prior", "middle" or "sobol",
/// "index"}.
class Design {
 public:
  /// `beliefs`: the history's space, with the priors to go by; `doubts`: the same without those of a person.
  Design(const History& history, const Space& beliefs, Space doubts, std::string_view by);

  /// The next one; nothing if the space has no more. `key.seed` scrambles the sequence.
  Result<std::optional<Suggestion>> next(const TakenConfigs& taken, const RngKey& key);

 private:
  /// What `space` thinks most likely; nothing if it is taken or not allowed. The reason says `name`.
  Result<std::optional<Suggestion>> likeliest(const TakenConfigs& taken, const Space& space,
                                              std::string_view name) const;

  const History& history_;
  const Space& beliefs_;
  Space doubts_;
  std::string_view by_;
  std::uint64_t next_index_;  ///< of the sequence
};

}  // namespace pegbox
