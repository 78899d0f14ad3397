// Differential: the operators of differential evolution and the memory of what worked.
#include "search/samplers/differential.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace pegbox {
namespace {

constexpr double kSpread = 0.1;  ///< of a draw around a memory entry: standard deviation of CR, scale of F's Cauchy

double cauchy(Rng& rng) { return std::tan(std::numbers::pi * (rng.uniform() - 0.5)); }

}  // namespace

void differential_mutant(const Space& space, std::span<const double> target, std::span<const double> best,
                         std::span<const double> first, std::span<const double> second, double scale, Rng& rng,
                         std::span<double> mutant) {
  for (std::size_t axis = 0; axis < mutant.size(); ++axis) {
    if (space.axes()[axis].kind == AxisKind::Categorical) {
      const bool takes_best = rng.uniform() < scale, takes_first = rng.uniform() < scale;
      mutant[axis] = takes_best ? best[axis] : takes_first && first[axis] != second[axis] ? first[axis] : target[axis];
      continue;
    }
    const double at = target[axis] + scale * (best[axis] - target[axis]) + scale * (first[axis] - second[axis]);
    mutant[axis] = at < 0 ? target[axis] / 2 : at > 1 ? (1 + target[axis]) / 2 : at;
  }
}

void random_mutant(std::span<const double> base, std::span<const double> first, std::span<const double> second,
                   double scale, Rng& rng, std::span<double> mutant) {
  for (std::size_t axis = 0; axis < mutant.size(); ++axis) {
    const double at = base[axis] + scale * (first[axis] - second[axis]);
    mutant[axis] = at < 0 || at > 1 ? rng.uniform() : at;
  }
}

void binomial_crossover(std::span<const double> target, double rate, Rng& rng, std::span<double> child) {
  if (child.empty()) return;
  const std::size_t certain = rng.below(child.size());
  for (std::size_t axis = 0; axis < child.size(); ++axis)
    if (rng.uniform() >= rate && axis != certain) child[axis] = target[axis];
}

DifferentialSettings SuccessHistory::draw(Rng& rng) const {
  const std::size_t entry = rng.below(kEntries);
  DifferentialSettings settings;
  settings.crossover = std::clamp(crossovers_[entry] + kSpread * rng.normal(), 0.0, 1.0);
  do settings.scale = scales_[entry] + kSpread * cauchy(rng);
  while (settings.scale <= 0);
  settings.scale = std::min(settings.scale, 1.0);
  return settings;
}

void SuccessHistory::succeed(const DifferentialSettings& settings, double improvement) {
  successes_.push_back(settings);
  improvements_.push_back(std::isfinite(improvement) ? improvement : 0);
}

void SuccessHistory::end_generation() {
  if (successes_.empty()) return;
  const double total = std::accumulate(improvements_.begin(), improvements_.end(), 0.0);
  double scale = 0, square = 0, crossover = 0;
  for (std::size_t i = 0; i < successes_.size(); ++i) {
    const double weight = total > 0 ? improvements_[i] / total : 1.0 / static_cast<double>(successes_.size());
    scale += weight * successes_[i].scale;
    square += weight * successes_[i].scale * successes_[i].scale;
    crossover += weight * successes_[i].crossover;
  }
  scales_[next_] = square / scale;
  crossovers_[next_] = crossover;
  next_ = (next_ + 1) % kEntries;
  successes_.clear();
  improvements_.clear();
}

}  // namespace pegbox
