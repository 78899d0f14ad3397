// Choice search: distributions over choices, moved along the natural gradient by ranked samples.
//
// Each axis has a categorical distribution q, independent of the others. A generation moves it along the estimated
// natural gradient sum_i w_i (onehot(sample_i) - q), with a step whose length adapts to the signal: Akimoto et al.,
// "Adaptive stochastic natural gradient method for one-shot neural architecture search", ICML 2019 (ASNG), as CatCMA
// uses it beside a normal: Hamano et al., "CatCMA", GECCO 2024 (arXiv 2405.09962). No probability falls below the
// margin (1 - 0.73^(1/axes)) / (choices - 1), so that no choice dies.
#pragma once

#include <span>
#include <vector>

namespace pegbox::math {

class ChoiceSearch {
 public:
  /// Probabilities [axes][choices] to begin with, each row with sum 1 and at least two choices; raised to the margin.
  ChoiceSearch(std::vector<std::vector<double>> probabilities, int population);

  const std::vector<std::vector<double>>& probabilities() const { return probabilities_; }
  int sample(std::size_t axis, double uniform) const;  ///< the choice at a uniform number in [0, 1)

  /// One generation: choices [lambda, axes] by rank, the best first; below 0 where the sample had no such axis, which
  /// then keeps its distribution.
  void update(std::span<const int> ranked);

 private:
  void keep_margins();

  std::vector<std::vector<double>> probabilities_;
  std::vector<double> weights_;  // [lambda]: positive for the better half, else 0
  std::vector<double> path_;     // of the normalized gradient; sum of choices - 1 over axes
  double path_weight_ = 0;       // gamma
  double slowness_ = 1;          // Delta: 1 / step length
  double step_ = 1;              // delta: from the generation before, as in the authors' program
};

}  // namespace pegbox::math
