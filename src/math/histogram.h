// Histogram: how two samples spread over common bins, and how far apart these shares are.
#pragma once

#include <span>
#include <vector>

namespace pegbox::math {

/// Counts by bin or category; both have one length.
struct CountPair {
  std::vector<double> first, second;
};

/// Counts of two samples in common bins as Evidently 0.7 makes them: bins of one width over both samples, so many as
/// Sturges' rule says (ceil(log2(n) + 1) of n values in all), each with its lower end and the last with both; where the
/// first sample has at most 20 different values, one bin for each value instead. Samples are not empty, and finite.
CountPair bin_counts(std::span<const double> first, std::span<const double> second);

/// The distance of Jensen and Shannon: the root of the mean divergence, in nats, from the mean of both shares (Lin
/// 1991; Endres and Schindelin 2003). 0 to sqrt(ln 2) = 0.83. Each side has a positive sum.
double jensen_shannon(const CountPair& counts);

/// Population stability index: the sum of (p - q) ln(p / q) over shares. An empty bin counts as the share 1e-4, or as a
/// millionth of its sample's least share if that is at most 1e-4, as in Evidently 0.7. Each side has a positive sum.
double population_stability(const CountPair& counts);

}  // namespace pegbox::math
