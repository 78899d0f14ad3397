// Source trials: the configurations of earlier studies that are tried first, where the sampler itself makes nothing of
// those studies.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "search/history.h"

namespace pegbox {

/// Earlier studies of which one configuration each is tried first, at most.
inline constexpr std::size_t kMostTriedSources = 4;

/// A configuration to try, or what is known of one: the others are drawn.
struct SourceConfig {
  std::string study;
  std::int64_t trial = 0;  ///< there
  Config config;           ///< within the space's ranges
};

/// For each of the first sources those of its trials that this space holds, best first by the first objective that it
/// measures (of several: by the mean of their ranks).
std::vector<std::vector<SourceConfig>> best_of_sources(const History& history);

}  // namespace pegbox
