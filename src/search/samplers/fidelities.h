// Fidelities: how trials did at each of the lengths at which they were compared.
//
// What strategies that learn from short trials share (BOHB, DEHB). The fidelities are read from the history: the steps
// at which trials wait or were stopped, whatever scheduler did that (hyperband, halving, asha), and the end.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "search/samplers/population.h"

namespace pegbox {

inline constexpr std::int64_t kFullLength = std::numeric_limits<std::int64_t>::max();

struct Fidelity {
  std::int64_t step = kFullLength;
  /// By trial number: those that have come to it, with their losses there. Diverged, failed and refused trials count at
  /// every fidelity, with infinite losses: they would have failed there too.
  std::vector<Individual> individuals;

  std::size_t measured() const;  ///< how many have finite losses
};

/// Ascending by step; empty while nothing has come back.
std::vector<Fidelity> fidelities_of(const History& history);

/// The step at which the trial with this number will first be compared: by the brackets of the study's `hyperband`,
/// else the lowest fidelity there is; kFullLength if there is none.
std::int64_t first_fidelity(const History& history, std::span<const Fidelity> fidelities, std::int64_t trial);

}  // namespace pegbox
