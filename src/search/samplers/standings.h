// Standings: the configurations of a study by what is to be expected of them, not by their luckiest trial.
//
// A trial's result is f(configuration) plus the luck of its seed. The models of beliefs.h say how far each result is
// luck: a lone good result among worse neighbours is drawn towards them, and trials of one configuration with several
// seeds are averaged. What is said of f is conditional on those models.
#pragma once

#include <optional>
#include <vector>

#include "math/statistics.h"
#include "search/samplers/beliefs.h"

namespace pegbox {

inline constexpr double kStandingsConfidence = 0.95;
inline constexpr std::size_t kFewestForStandings = 8;  ///< finite results; fewer do not tell luck from worth
inline constexpr std::size_t kMostRanked = 20;

/// One configuration. Numbers are of the first objective's metric, in its own units and direction.
struct RankedConfig {
  std::vector<std::int64_t> trials;  ///< that ran it, the one with the best result first
  double mean = 0;                   ///< expected over seeds
  math::Interval interval;           ///< of that expectation, kStandingsConfidence
};

struct Rival {
  std::int64_t trial = 0;
  double probability = 0;  ///< that the best configuration's expectation is better than this one's
};

struct Standings {
  std::vector<RankedConfig> ranked;  ///< best first, of those that best_trial compares; at most kMostRanked
  double noise = 0;                  ///< standard deviation of one trial around its configuration's expectation
  std::optional<Rival> runner_up;    ///< ranked[1]
  /// The default that was tried: the first configuration of `try_first`; else, where the space has priors, what they
  /// think most likely. Nothing if it has no result that can be compared, or if it is the best one itself.
  std::optional<Rival> default_choice;
  bool best_is_default = false;
};

/// InvalidInput, saying why there can be none: several objectives, a space without an axis, fewer than
/// kFewestForStandings finite results, no trial that can be compared, or a best result outside the present space.
Result<Standings> standings(const History& history);

/// Whether trials of one configuration with different seeds gave results that are the same to the last digit, and none
/// gave another one: the program then does not depend on its seed, and there is no luck.
bool ignores_seeds(const History& history);

/// The trial to name as a study's best: of the standings where there are any, else best_trial's. Nothing if no trial
/// has a result.
std::optional<std::int64_t> expected_best_trial(const History& history);

}  // namespace pegbox
