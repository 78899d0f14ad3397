// Differential: the operators of differential evolution and the memory from which they draw their settings (SHADE).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/rng.h"
#include "search/space.h"

namespace pegbox {

/// How a mutant is made.
struct DifferentialSettings {
  double scale = 0.5;      ///< F, in (0, 1]
  double crossover = 0.5;  ///< CR, in [0, 1]
};

/// Writes target + F (best - target) + F (first - second) to `mutant`, [d] all; see de.h for the borders and for
/// categorical axes. `target`, `best` and `first` may be the same.
void differential_mutant(const Space& space, std::span<const double> target, std::span<const double> best,
                         std::span<const double> first, std::span<const double> second, double scale, Rng& rng,
                         std::span<double> mutant);

/// Writes base + F (first - second) to `mutant`, [d] all, on every axis alike: categories are equal bins. A gene that
/// leaves [0, 1] is drawn anew from it, as in DEHB (arXiv 2105.09821).
void random_mutant(std::span<const double> base, std::span<const double> first, std::span<const double> second,
                   double scale, Rng& rng, std::span<double> mutant);

/// Binomial crossover: each axis of `child` that is not the mutant's becomes the target's, with probability 1 - rate;
/// one axis is the mutant's for certain.
void binomial_crossover(std::span<const double> target, double rate, Rng& rng, std::span<double> child);

/// The success history of SHADE: section III of Tanabe and Fukunaga 2013.
class SuccessHistory {
 public:
  static constexpr std::size_t kEntries = 6;  ///< H; small, for studies are short (L-SHADE's choice, CEC 2014)

  DifferentialSettings draw(Rng& rng) const;

  /// A child made with `settings` is better than its target by `improvement` >= 0.
  void succeed(const DifferentialSettings& settings, double improvement);
  void end_generation();  ///< the successes since the last call become one entry; nothing if there were none

  std::span<const double> scales() const { return scales_; }          ///< [kEntries]
  std::span<const double> crossovers() const { return crossovers_; }  ///< [kEntries]

 private:
  std::vector<double> scales_ = std::vector<double>(kEntries, 0.5);
  std::vector<double> crossovers_ = std::vector<double>(kEntries, 0.5);
  std::size_t next_ = 0;
  std::vector<DifferentialSettings> successes_;
  std::vector<double> improvements_;
};

}  // namespace pegbox
