// TrainingPopulation: what the sampler and the scheduler of population-based training (pbt) have to agree about.
//
// Both read it from `search: {name: pbt, ...}`: the scheduler ends members that do badly, the sampler replaces them.
#pragma once

#include <cstdint>
#include <optional>

#include "base/field_table.h"
#include "search/history.h"

namespace pegbox {

struct TrainingPopulation {
  std::int64_t population = 0;
  std::int64_t interval = 0;
  double quantile = 0.25;

  std::int64_t members(const History& history) const;         ///< at least 2
  std::int64_t interval_steps(const History& history) const;  ///< 0: the length of a trial is not known
  std::int64_t tail(std::int64_t trials) const;               ///< how many of so many are the best, or the worst

  /// How many trials the members' places need that were begun at step 0: a place for each member, and again for each
  /// population that has come to its end.
  std::int64_t places(const History& history) const;

  /// Whether a place is free and the budget has a trial for it.
  bool lacks_member(const History& history) const;
};

const FieldTable<TrainingPopulation>& training_population_fields();

/// Of a study whose search is pbt; nothing for any other.
std::optional<TrainingPopulation> training_population_of(const StudySpec& spec);

}  // namespace pegbox
